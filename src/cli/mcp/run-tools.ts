/** What the tools do: inspecting, running and reading in the worker process, relative to one folder. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EspalierError } from '../../core/errors.ts';
import type { RunSummary } from '../../shared/protocol.ts';
import { describeRun } from '../../shared/drawing/run-description.ts';
import { emptyRunState, reduceEvents, reduceRun, type RunState } from '../../shared/run-state.ts';
import type { WorkerClient } from '../worker-client.ts';
import { findRecipes } from './find-recipes.ts';

export interface RunProgress {
  readonly done: number;
  readonly nodes: number;
  readonly message: string;
}

export class RunTools {
  readonly #root: string;
  readonly #start: () => WorkerClient;
  #worker: WorkerClient | undefined;

  /** @param start starts the worker, at the first use and again after a crash */
  constructor(root: string, start: () => WorkerClient) {
    this.#root = path.resolve(root);
    this.#start = start;
  }

  async inspect(file: string): Promise<string> {
    const inspection = await this.#client().handler.request('inspect', { path: this.#resolve(file) });
    return JSON.stringify({ ...inspection, densities: undefined });
  }

  /** Ends when the run has ended; an aborted signal cancels the run, and what is done stays. */
  async run(
    recipe: string,
    nodes: readonly string[] | undefined,
    signal: AbortSignal,
    onProgress: (progress: RunProgress) => void,
  ): Promise<string> {
    const file = this.#resolve(recipe);
    const { handler, crashed } = this.#client();
    // Events may arrive before the reply that names their run, and other runs may go on at the same time.
    const states = new Map<string, RunState>();
    let id: string | undefined;
    let settle: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      settle = () => {
        if (id !== undefined && states.get(id)?.outcome !== undefined) resolve();
      };
    });
    const stop = handler.on('run', ({ runId, event }) => {
      const state = reduceRun(states.get(runId) ?? emptyRunState, event);
      states.set(runId, state);
      if (runId === id && event.type === 'node-finished') onProgress(progressOf(state));
      settle();
    });
    // An unhandled rejection would end the server. Where the worker has crashed, nothing is left to cancel.
    const cancel = (): void => {
      if (id !== undefined) void handler.request('cancelRun', { runId: id }).catch(() => undefined);
    };
    try {
      ({ runId: id } = await handler.request('startRun', { recipe: file, ...(nodes === undefined ? {} : { nodes }) }));
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
      settle();
      await Promise.race([ended, crashed]);
      return describeRun(states.get(id) ?? emptyRunState, 'ended');
    } finally {
      signal.removeEventListener('abort', cancel);
      stop();
    }
  }

  /** Of the latest run. */
  async readResults(recipe: string): Promise<string> {
    const file = this.#resolve(recipe);
    const runs = await this.#listRuns(path.dirname(file));
    const run = runs.find((candidate) => path.basename(candidate.recipe) === path.basename(file) && candidate.outcome !== 'damaged');
    if (run === undefined)
      throw new EspalierError('invalid-argument', 'this recipe has no run', {
        where: recipe,
        fix: 'run it with espalier_run_recipe first',
      });
    return this.readRun(run);
  }

  async readRun(run: RunSummary): Promise<string> {
    const { events } = await this.#client().handler.request('readRun', { runFolder: run.runFolder });
    return describeRun(reduceEvents(events), run.outcome);
  }

  /** The runs of every recipe in the folder and below, latest first. */
  async runs(): Promise<readonly RunSummary[]> {
    const folders = [...new Set((await findRecipes(this.#root)).map((recipe) => path.dirname(recipe)))];
    const runs: RunSummary[] = [];
    // Without this folder there are no runs, and no need to start the worker.
    for (const folder of folders) if (existsSync(path.join(folder, '.espalier'))) runs.push(...(await this.#listRuns(folder)));
    return runs.toSorted((a, b) => b.startedAt - a.startedAt);
  }

  dispose(): void {
    this.#worker?.stop();
    this.#worker = undefined;
  }

  async #listRuns(folder: string): Promise<readonly RunSummary[]> {
    return (await this.#client().handler.request('listRuns', { folder })).runs;
  }

  #client(): WorkerClient {
    if (this.#worker !== undefined) return this.#worker;
    const worker = this.#start();
    this.#worker = worker;
    worker.crashed.catch(() => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  #resolve(file: string): string {
    const resolved = path.resolve(this.#root, file);
    if (!existsSync(resolved))
      throw new EspalierError('file-access', 'there is no such file', {
        where: file,
        fix: `paths are absolute or relative to ${this.#root}`,
      });
    return resolved;
  }
}

function progressOf(state: RunState): RunProgress {
  const nodes = state.models.flatMap((model) => [...model.nodes.values()]);
  const done = nodes.filter((node) => node.state.kind === 'done').length;
  return { done, nodes: nodes.length, message: `${done} of ${nodes.length} nodes done` };
}
