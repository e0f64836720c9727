import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Accuracy } from '../../shared/results.ts';
import type { DataSet } from '../data/dataset.ts';
import { boundTargets } from '../data/targets.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { requireExamples, throwIfCancelled } from './evaluate-network.ts';
import { borrowThreads, readyThreads, returnThreads } from './evaluation-pool.ts';
import type { Mistakes } from '../scoring/mistakes.ts';
import { Scores } from '../scoring/score.ts';
import { createScorer } from './tflite-scorer.ts';

export interface TfliteEvaluation {
  readonly bytes: Uint8Array;
  readonly data: DataSet;
  /**
   * Largest number of threads, including this one; more than one needs `threadScript`. Threads are used where they save
   * more time than their start takes.
   */
  readonly threads?: number;
  /** The bundled `evaluation-thread`, a path or URL; without it the file runs on the calling thread. */
  readonly threadScript?: string | URL | undefined;
  /**
   * Milliseconds until a new thread runs at full speed; default: 400, or 20 for a thread that is kept ready. 0 uses
   * threads for any work.
   */
  readonly threadStartMilliseconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

type Run = (inputs: readonly Float32Array[], size: number) => Promise<readonly Float32Array[]>;

/** The first examples run on this thread, to time them. */
const probeSize = 8;
const probeMilliseconds = 20;
/** Long enough that messages cost little, short enough for a quick cancellation. */
const batchMilliseconds = 25;
const largestBatch = 256;

/** Accuracy of a .tflite from its bytes in the embedded runtime: the same in one thread as in several. */
export async function evaluateTflite(options: TfliteEvaluation): Promise<Accuracy> {
  return (await evaluateExamples(options)).accuracy;
}

export interface ExampleEvaluation {
  readonly accuracy: Accuracy;
  /** Undefined for what does not tell classes apart. */
  readonly mistakes: Mistakes | undefined;
}

/** As `evaluateTflite`, with the examples that a classifier gets wrong. */
export async function evaluateExamples(options: TfliteEvaluation): Promise<ExampleEvaluation> {
  requireExamples(options.data);
  const { bytes, threads = 1, threadScript } = options;
  const runtime = await loadRuntime();
  const interpreter = await runtime.load(bytes);
  const evaluation = new Evaluation(options);
  try {
    const outputs = boundTargets(options.data.target).map(({ output }) => output);
    const scorer = createScorer(interpreter, outputs);
    const run: Run = (inputs, size) => scorer.run(inputs, size);
    const each = await probe(evaluation, run);
    const batch = Math.min(largestBatch, Math.max(1, Math.ceil(batchMilliseconds / each)));
    const count = Math.min(threads, Math.ceil(evaluation.left / batch));
    const saved = each * evaluation.left * (1 - 1 / Math.max(count, 1));
    if (threadScript !== undefined && count > 1 && saved > (options.threadStartMilliseconds ?? startMilliseconds(threadScript, count - 1)))
      await runInThreads(evaluation, batch, { script: threadScript, helpers: count - 1, bytes, outputs, run });
    else await evaluation.finish(batch, run, 1);
  } finally {
    await interpreter.dispose();
  }
  const { scores } = evaluation;
  return { accuracy: scores.accuracy(runtime.description), mistakes: scores.mistakes };
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

/** Threads that are kept ready have only to load the model. */
function startMilliseconds(script: string | URL, helpers: number): number {
  return readyThreads(script) >= helpers ? 20 : 400;
}

interface SharedWork {
  readonly script: string | URL;
  /** Threads beside this one. */
  readonly helpers: number;
  readonly bytes: Uint8Array;
  /** Those that are measured. */
  readonly outputs: readonly number[];
  /** On this thread. */
  readonly run: Run;
}

/** Two batches for each thread, one running and one waiting. Other batches run on this thread, so that it is never idle. */
const batchesPerThread = 2;

async function runInThreads(evaluation: Evaluation, batch: number, { script, helpers, bytes, outputs, run }: SharedWork): Promise<void> {
  const threads = await borrowThreads(script, helpers, bytes, outputs);
  try {
    const share: Run = (inputs, size) => {
      const least = threads.reduce((a, b) => (b.load < a.load ? b : a));
      return least.load < batchesPerThread ? least.run(inputs, size) : run(inputs, size);
    };
    await evaluation.finish(batch, share, (helpers + 1) * batchesPerThread * 2);
  } finally {
    await returnThreads(script, threads);
  }
}

/** Goes through the examples once; scores are added in their order, whichever thread is first. */
class Evaluation {
  readonly scores: Scores;
  readonly #options: TfliteEvaluation;
  #position = 0;
  #scored: Promise<void> = Promise.resolve();

  constructor(options: TfliteEvaluation) {
    this.#options = options;
    this.scores = new Scores(options.data.target);
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
      // The event loop runs only here, so cancellation is checked between batches.
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
      this.scores.add(outputs, batch);
      onProgress?.((start + size) / data.size);
    });
    this.#scored = scored;
    // A failure is reported where the batch is waited for, not as an unhandled rejection before.
    scored.catch(() => undefined);
    return { scored };
  }
}
