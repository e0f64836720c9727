import type { Accuracy } from '../../shared/results.ts';
import type { DataSet } from '../data/dataset.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { requireExamples, throwIfCancelled } from './evaluate-network.ts';
import { EvaluationPool } from './evaluation-pool.ts';
import { accuracyOf, addScores, emptySums } from './score.ts';
import { createScorer } from './tflite-scorer.ts';

export interface TfliteEvaluation {
  readonly bytes: Uint8Array;
  readonly data: DataSet;
  /** Worker threads; needs `threadScript`. */
  readonly threads?: number;
  /** The bundled `evaluation-thread`, a path or URL; without it the file runs on the calling thread. */
  readonly threadScript?: string | URL;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

const batchSize = 64;

/** Accuracy of a .tflite from its bytes in the embedded runtime. */
export async function evaluateTflite(options: TfliteEvaluation): Promise<Accuracy> {
  requireExamples(options.data);
  const { threads = 1, threadScript, data } = options;
  const batches = Math.ceil(data.size / batchSize);
  const pool = threadScript === undefined || threads <= 1 || batches <= 1 ? undefined : await EvaluationPool.start(threadScript, options.bytes, Math.min(threads, batches));
  try {
    return pool === undefined ? await evaluateHere(options) : await evaluateWith(options, (inputs, size) => pool.run(inputs, size), pool.size * 2, pool.description);
  } finally {
    await pool?.stop();
  }
}

async function evaluateHere(options: TfliteEvaluation): Promise<Accuracy> {
  const runtime = await loadRuntime();
  const interpreter = await runtime.load(options.bytes);
  try {
    const scorer = createScorer(interpreter);
    return await evaluateWith(options, (inputs, size) => scorer.run(inputs, size), 1, runtime.description);
  } finally {
    await interpreter.dispose();
  }
}

async function evaluateWith({ data, signal, onProgress }: TfliteEvaluation, run: (inputs: Float32Array, size: number) => Promise<Float32Array>, inFlight: number, runtime: string): Promise<Accuracy> {
  const sums = emptySums(data.target);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < data.size) {
      throwIfCancelled(signal);
      const start = next;
      next += batchSize;
      const batch = await data.read(Uint32Array.from({ length: Math.min(batchSize, data.size - start) }, (_, i) => start + i));
      addScores(sums, await run(batch.inputs, batch.size), batch, data.target);
      done += batch.size;
      onProgress?.(done / data.size);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return accuracyOf(sums, data.target, runtime);
}
