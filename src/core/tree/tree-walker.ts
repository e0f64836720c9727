/** Visits the nodes of one model's tree: each is found or made from its parent, kept, and told as events. */
import { EspalierError, isEspalierError } from '../errors.ts';
import type { NodePhase, RunEventBody, TrainingProgress } from '../../shared/events.ts';
import type { LayerRule } from '../../shared/recipe/run-options.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import type { TreeEntry } from '../../shared/tree.ts';
import type { PlannedTree, Stage } from './deployment-tree.ts';
import { dependencyOrder } from './parallel/dependency-order.ts';
import { stageKey } from './stage-key.ts';
import type { RootDependencies } from './stage-key.ts';
import type { StageFiles, StageOutcome, StageRunner } from './stages/stage-runner.ts';
import { stageStore, tflitePath } from './store/run-store.ts';

export interface ModelRun {
  /** Unique in the run. */
  readonly name: string;
  readonly tree: PlannedTree;
  readonly dependencies: RootDependencies;
  /** Opens model and data: only when a stage has to be computed. */
  openRunner(warn: (message: string) => void): Promise<StageRunner>;
}

export interface WalkSettings {
  readonly rules: readonly LayerRule[];
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly ignoreCache: boolean;
  /** Stages that may run at the same time. */
  readonly processes: number;
  readonly emit: (event: RunEventBody) => void;
  readonly signal: AbortSignal;
}

export class TreeWalker {
  readonly results = new Map<string, NodeMetrics>();
  /** Ids of nodes that failed, or whose certificate did. */
  readonly failed: string[] = [];
  readonly #walk: WalkSettings;
  readonly #model: ModelRun;
  readonly #files = new Map<string, StageFiles>();
  readonly #keys = new Map<string, string>();
  #tree: PlannedTree;
  #runner: Promise<StageRunner> | undefined;

  constructor(walk: WalkSettings, model: ModelRun) {
    this.#walk = walk;
    this.#model = model;
    this.#tree = model.tree;
  }

  get tree(): PlannedTree {
    return this.#tree;
  }

  /** Goes on with a tree that has more nodes. */
  grow(tree: PlannedTree): void {
    this.#tree = tree;
    this.#walk.emit({ type: 'tree-grown', model: this.#model.name, tree: tree.root });
  }

  /** Visits them all, several at once where their parents allow it; on a failure those that are begun end first. */
  async visitAll(entries: readonly TreeEntry[]): Promise<void> {
    const order = dependencyOrder(entries, this.#walk.processes > 1);
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for (;;) {
      const next = failures.length === 0 && running.size < this.#walk.processes ? order.take() : undefined;
      if (next === undefined) {
        if (running.size === 0) break;
        await Promise.race(running);
        continue;
      }
      const visit: Promise<void> = this.visit(next)
        .catch((error: unknown) => void failures.push(error))
        .then(() => {
          order.done(next.node.id);
          running.delete(visit);
        });
      running.add(visit);
    }
    if (failures.length > 0) throw failures[0];
  }

  async visit({ node, parent }: TreeEntry): Promise<void> {
    const { emit, signal, rules } = this.#walk;
    const about = { model: this.#model.name, node: node.id };
    throwIfCancelled(signal);
    const stage = this.#tree.stages.get(node.id);
    if (stage === undefined) throw new Error(`node "${node.id}" has no stage`);
    if (parent !== undefined && !this.#files.has(parent.id)) {
      emit({ type: 'node-skipped', ...about, reason: `"${parent.id}" has no result` });
      return;
    }
    const parentKey = parent === undefined ? this.#model.dependencies : (this.#keys.get(parent.id) ?? '');
    const key = stageKey(parentKey, stage, rules);
    this.#keys.set(node.id, key);
    emit({ type: 'node-started', ...about });
    try {
      const { outcome, cached } = await this.#findOrMake(key, stage, { node, parent });
      this.#accept(about, outcome, cached);
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      this.failed.push(node.id);
      emit({ type: 'node-failed', ...about, message: messageOf(error) });
      if (!isEspalierError(error) && error instanceof Error)
        emit({ type: 'log', level: 'error', message: error.stack ?? error.message, ...about });
    }
  }

  async #findOrMake(
    key: string,
    stage: Stage,
    { node, parent }: Pick<TreeEntry, 'node' | 'parent'>,
  ): Promise<{ readonly outcome: StageOutcome; readonly cached: boolean }> {
    const { emit, signal, rules, runFolder, cacheFolder, ignoreCache } = this.#walk;
    const about = { model: this.#model.name, node: node.id };
    const store = stageStore(runFolder, cacheFolder, this.#model.name, node.id, key);
    const found = await store.find(ignoreCache);
    if (found !== undefined) return found;
    const warn = (message: string): void => emit({ type: 'log', level: 'warning', message, ...about });
    this.#runner ??= this.#model.openRunner(warn);
    const run = await this.#runner;
    const outcome = await run({
      node,
      stage,
      settled: parent !== undefined && parent.id !== this.#tree.root.id,
      rules,
      signal,
      warn,
      checkpoint: store.checkpoint,
      parent: parent && this.#files.get(parent.id),
      baseline: this.#files.get(this.#tree.root.id),
      quietly: (work) => work(),
      onProgress: throttled((phase, fraction, training) => emit({ type: 'node-progress', ...about, phase, fraction, training })),
    });
    throwIfCancelled(signal);
    await store.keep(outcome);
    return { outcome, cached: false };
  }

  /** A node whose certificate fails is a failed stage, but its files stay to be looked at. */
  #accept(about: { readonly model: string; readonly node: string }, { files, metrics, densities }: StageOutcome, cached: boolean): void {
    this.results.set(about.node, metrics);
    this.#files.set(about.node, files);
    this.#walk.emit({ type: 'node-finished', ...about, cached, metrics, densities, tflite: tflitePath(about.model, about.node) });
    if (metrics.certificate?.passed !== false) return;
    const broken = metrics.certificate.checks.filter(({ passed }) => !passed);
    this.failed.push(about.node);
    this.#walk.emit({
      type: 'log',
      level: 'error',
      ...about,
      message: `the certificate fails: ${broken.map(({ layer, property, expected, found }) => `layer "${layer}": ${property} ${found}, expected ${expected}`).join('; ')}`,
    });
  }
}

type Progress = (phase: NodePhase, fraction: number, training?: TrainingProgress) => void;

/** Ten a second are enough to watch, and keep the log small; a new phase is told at once. */
function throttled(report: Progress, now: () => number = () => performance.now()): Progress {
  let latest = -Infinity;
  let latestPhase: NodePhase | undefined;
  return (phase, fraction, training) => {
    if (phase === latestPhase && now() - latest < MILLISECONDS_BETWEEN_REPORTS && fraction < 1) return;
    latest = now();
    latestPhase = phase;
    report(phase, fraction, training);
  };
}

const MILLISECONDS_BETWEEN_REPORTS = 100;

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EspalierError('cancelled', 'the run was cancelled');
}

export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (isEspalierError(error) && error.code === 'cancelled');
}

function messageOf(error: unknown): string {
  if (isEspalierError(error)) return error.message;
  return `unexpected error: ${error instanceof Error ? error.message : String(error)}`;
}
