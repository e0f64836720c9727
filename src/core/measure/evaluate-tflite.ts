import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Accuracy } from '../../shared/results.ts';
import type { DataSet } from '../data/dataset.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { requireExamples, throwIfCancelled } from './evaluate-network.ts';
import { EvaluationPool } from './evaluation-pool.ts';
import { accuracyOf, addScores, emptySums, type ScoreSums } from './score.ts';
import { createScorer } from './tflite-scorer.ts';

export interface TfliteEvaluation {
  readonly bytes: Uint8Array;
  readonly data: DataSet;
  /** Most worker threads; needs `threadScript`. They are started where they save more time than their start takes. */
  readonly threads?: number;
  /** The bundled `evaluation-thread`, a path or URL; without it the file runs on the calling thread. */
  readonly threadScript?: string | URL;
  /** What the start of a thread takes, until its code is hot; default: 400. 0 starts threads for any work. */
  readonly threadStartMilliseconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

type Run = (inputs: Float32Array, size: number) => Promise<Float32Array>;

/** The first examples run here, to learn what one takes. */
const probeSize = 8;
const probeMilliseconds = 20;
/** Long enough that messages cost little, short enough to hear a cancellation soon. */
const batchMilliseconds = 50;
const largestBatch = 256;

/** Accuracy of a .tflite from its bytes in the embedded runtime: the same in one thread as in several. */
export async function evaluateTflite(options: TfliteEvaluation): Promise<Accuracy> {
  requireExamples(options.data);
  const { data, bytes, threads = 1, threadScript, threadStartMilliseconds = 400 } = options;
  const runtime = await loadRuntime();
  const interpreter = await runtime.load(bytes);
  const evaluation = new Evaluation(options);
  try {
    const scorer = createScorer(interpreter);
    const run: Run = (inputs, size) => scorer.run(inputs, size);
    const each = await probe(evaluation, run);
    const batch = Math.min(largestBatch, Math.max(1, Math.ceil(batchMilliseconds / each)));
    const count = Math.min(threads, Math.ceil(evaluation.left / batch));
    const saved = each * evaluation.left * (1 - 1 / Math.max(count, 1));
    if (threadScript !== undefined && count > 1 && saved > threadStartMilliseconds)
      await runInThreads(evaluation, batch, threadScript, bytes, count);
    else await evaluation.finish(batch, run, 1);
  } finally {
    await interpreter.dispose();
  }
  return accuracyOf(evaluation.sums, data.target, runtime.description);
}

/** Returns the milliseconds that one example takes, by the last of those that it ran: the first ones compile. */
async function probe(evaluation: Evaluation, run: Run): Promise<number> {
  const started = performance.now();
  let each = Number.MIN_VALUE;
  while (evaluation.left > 0 && performance.now() - started < probeMilliseconds) {
    const before = performance.now();
    await evaluation.next(probeSize, run);
    each = Math.max((performance.now() - before) / probeSize, Number.MIN_VALUE);
  }
  return each;
}

async function runInThreads(evaluation: Evaluation, batch: number, script: string | URL, bytes: Uint8Array, count: number): Promise<void> {
  const pool = await EvaluationPool.start(script, bytes, count);
  try {
    // Two batches a thread: one runs, one waits, so that no thread waits for this one.
    await evaluation.finish(batch, (inputs, size) => pool.run(inputs, size), count * 2);
  } finally {
    await pool.stop();
  }
}

/** Goes through the examples once; scores are added in their order, whichever thread is first. */
class Evaluation {
  readonly sums: ScoreSums;
  readonly #options: TfliteEvaluation;
  #position = 0;
  #scored: Promise<void> = Promise.resolve();

  constructor(options: TfliteEvaluation) {
    this.#options = options;
    this.sums = emptySums(options.data.target);
  }

  get left(): number {
    return this.#options.data.size - this.#position;
  }

  async next(size: number, run: Run): Promise<void> {
    await (
      await this.#begin(size, run)
    ).scored;
  }

  /** @param inFlight batches that are begun before the oldest is scored */
  async finish(size: number, run: Run, inFlight: number): Promise<void> {
    const begun: Promise<void>[] = [];
    while (this.left > 0) {
      begun.push((await this.#begin(size, run)).scored);
      if (begun.length >= inFlight) await begun.shift();
      // Running gives up the thread only here: a cancellation is heard between batches.
      await nextTurn();
    }
    await Promise.all(begun);
  }

  async #begin(wanted: number, run: Run): Promise<{ readonly scored: Promise<void> }> {
    const { data, signal, onProgress } = this.#options;
    throwIfCancelled(signal);
    const start = this.#position;
    const size = Math.min(wanted, this.left);
    this.#position += size;
    const batch = await data.read(Uint32Array.from({ length: size }, (_, index) => start + index));
    const scored = Promise.all([run(batch.inputs, size), this.#scored]).then(([outputs]) => {
      addScores(this.sums, outputs, batch, data.target);
      onProgress?.((start + size) / data.size);
    });
    this.#scored = scored;
    // A failure is reported where the batch is waited for, not as an unhandled rejection before.
    scored.catch(() => undefined);
    return { scored };
  }
}
