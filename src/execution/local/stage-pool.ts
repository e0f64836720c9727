/** The stage processes of one run: started when first needed, and again when one has ended. */
import type { Parallelism } from '../../core/tree/parallel/parallelism.ts';
import type { StageProcesses, StageSource } from '../../core/tree/parallel/stage-processes.ts';
import type { StageRunner } from '../../core/tree/stages/stage-runner.ts';
import { StageChild } from './stage-child.ts';
import type { ExclusiveTurns } from './stage-child.ts';

/** Many steps of a small network; a large one has one a round, and fewer rounds. */
const ROUND_MILLISECONDS = 60;
const ROUNDS = 5;
const MOST_MILLISECONDS = 2_000;

export class StagePool implements StageProcesses, ExclusiveTurns {
  readonly #script: string;
  readonly #source: StageSource;
  #children: StageChild[] = [];
  /** Processes that want to run alone; the first one does. */
  #turns: { readonly child: StageChild; readonly begin: () => void }[] = [];

  /** @param script the worker's bundle */
  constructor(script: string, source: StageSource) {
    this.#script = script;
    this.#source = source;
  }

  async timeSteps(model: string, candidates: readonly Parallelism[]): Promise<readonly number[]> {
    const prepared = await Promise.all(candidates.map((candidate) => this.#prepareSteps(model, candidate)));
    const best = candidates.map(() => Number.POSITIVE_INFINITY);
    const started = performance.now();
    // Interleaved, and the best round counts, so that a busy moment does not decide.
    for (let round = 0; round < ROUNDS && performance.now() - started < MOST_MILLISECONDS; round++) {
      for (const [index, timings] of prepared.entries()) {
        const times = await Promise.all(timings.map(({ child, timing }) => child.timeSteps(timing, ROUND_MILLISECONDS)));
        best[index] = Math.min(best[index] ?? Number.POSITIVE_INFINITY, Math.max(...times));
      }
    }
    await Promise.all(this.#children.map((child) => child.forgetSteps()));
    return best;
  }

  async #prepareSteps(
    model: string,
    { processes, threads }: Parallelism,
  ): Promise<readonly { readonly child: StageChild; readonly timing: number }[]> {
    const children = Array.from({ length: processes }, (_, index) => this.#children[index] ?? this.#start());
    const setting = { source: this.#source, model, threads, processes };
    return Promise.all(children.map(async (child) => ({ child, timing: await child.prepareSteps(setting) })));
  }

  runner(model: string, { processes, threads }: Parallelism): StageRunner {
    const setting = { source: this.#source, model, threads, processes };
    return (request) => {
      this.#children = this.#children.filter((child) => !child.hasEnded);
      const child = this.#children.find(({ isBusy }) => !isBusy) ?? this.#start();
      return child.run(setting, request);
    };
  }

  stop(): void {
    for (const child of this.#children) child.stop();
    this.#children = [];
  }

  async begin(child: StageChild): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#turns.push({ child, begin: resolve });
      if (this.#turns.length === 1) resolve();
    });
    await Promise.all(this.#others(child).map((other) => other.pause().catch(ended)));
  }

  end(child: StageChild): void {
    const [holder] = this.#turns;
    this.#turns = this.#turns.filter((turn) => turn.child !== child);
    if (holder?.child !== child) return;
    for (const other of this.#others(child)) other.proceed().catch(ended);
    this.#turns[0]?.begin();
  }

  #others(child: StageChild): readonly StageChild[] {
    return this.#children.filter((other) => other !== child && !other.hasEnded);
  }

  #start(): StageChild {
    const child = new StageChild(this.#script, this);
    this.#children.push(child);
    return child;
  }
}

/** A process that ends while it should pause is paused for good. */
const ended = (): void => undefined;
