/** Visits the nodes of one model's tree: takes each result from the store or has it computed, and emits events. */
import { causeOf, isEspalierError, unreachable } from '../errors.ts';
import type { NodePhase, RunEventBody, TrainingProgress } from '../../shared/events.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { titleIn } from '../../shared/tree.ts';
import type { TreeEntry } from '../../shared/tree.ts';
import type { PlannedTree } from './deployment-tree.ts';
import type { Executor, JobReport, StageJob, StagePlace } from './execution/executor.ts';
import { throwIfCancelled } from './execution/run-stage.ts';
import type { SearchSupport } from './search-support.ts';
import { stageKey } from './stage-key.ts';
import type { RootDependencies } from './stage-key.ts';
import type { StageOutcome } from './stages/stage-runner.ts';
import { noProfile, type NodeProfile } from './profile-node.ts';
import { type TeacherDigests, teacherOfStage } from './teachers.ts';
import { stageStore, tflitePath } from './store/run-store.ts';

export interface ModelRun {
  /** Unique in the run. */
  readonly name: string;
  readonly tree: PlannedTree;
  readonly dependencies: RootDependencies;
  /** Other models that stages learn from. */
  readonly teachers?: TeacherDigests | undefined;
  openExecutor(place: StagePlace): Executor;
  /** Where stages run on this machine. */
  readonly search?: SearchSupport | undefined;
}

export interface WalkSettings {
  readonly rules: readonly LayerRule[];
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly ignoreCache: boolean;
  readonly emit: (event: RunEventBody) => void;
  /**
   * What a node's file needs of the device that was chosen; nothing is profiled without it. It is no part of a stored
   * result: another device is not a reason to train again.
   */
  readonly profile?: ((tflite: Uint8Array) => Promise<NodeProfile>) | undefined;
  readonly signal: AbortSignal;
}

export class TreeWalker {
  readonly results = new Map<string, NodeMetrics>();
  /** Titles of nodes that failed, or whose certificate did. */
  readonly failed: string[] = [];
  readonly #walk: WalkSettings;
  readonly #model: ModelRun;
  readonly #place: StagePlace;
  readonly #executor: Executor;
  readonly #keys = new Map<string, string>();
  /** Nodes by the processor that their results come from. */
  readonly #processors = new Map<string, string[]>();
  readonly #progress = new Map<string, Progress>();
  /** Nodes of a model have the same operators: each warning is for the first. */
  readonly #profileWarnings = new Set<string>();
  #tree: PlannedTree;

  constructor(walk: WalkSettings, model: ModelRun) {
    const { runFolder, cacheFolder, ignoreCache, rules } = walk;
    this.#walk = walk;
    this.#model = model;
    this.#tree = model.tree;
    this.#place = { model: model.name, runFolder, cacheFolder, ignoreCache, rules };
    this.#executor = model.openExecutor(this.#place);
  }

  get tree(): PlannedTree {
    return this.#tree;
  }

  /** Replaces the tree by one with more nodes. */
  grow(tree: PlannedTree): void {
    this.#tree = tree;
    this.#walk.emit({ type: 'tree-grown', model: this.#model.name, tree: tree.root });
  }

  /** Takes results from the store and has the executor compute the others; resolves when all have ended. */
  async visitAll(entries: readonly TreeEntry[]): Promise<void> {
    const open = new Map<string, StageJob>();
    for (const entry of entries) {
      const job = await this.#find(entry, open);
      if (job !== undefined) open.set(entry.node.id, job);
    }
    if (open.size === 0) return;
    const { signal } = this.#walk;
    throwIfCancelled(signal);
    const cancel = (): void => {
      this.#executor.cancel().catch((error: unknown) => this.#warn(`the jobs could not be cancelled: ${messageOf(error)}`));
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await this.#executor.submit([...open.values()]);
      while (open.size > 0) for (const report of await this.#executor.status()) await this.#hear(report, open);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
    throwIfCancelled(signal);
  }

  /** Takes a node's result from the store. Returns the job that makes it where there is none; undefined where its parent has no result either. */
  async #find(entry: TreeEntry, open: ReadonlyMap<string, StageJob>): Promise<StageJob | undefined> {
    const { signal, rules, runFolder, cacheFolder, ignoreCache } = this.#walk;
    const { node, parent } = entry;
    throwIfCancelled(signal);
    const stage = this.#tree.stages.get(node.id);
    if (stage === undefined) throw new Error(`node "${node.id}" has no stage`);
    const parentKey = parent === undefined ? undefined : this.#keys.get(parent.id);
    const { dependencies, teachers } = this.#model;
    const key = stageKey(parentKey ?? dependencies, stage, rules, teachers);
    this.#keys.set(node.id, key);
    if (parent !== undefined && !open.has(parent.id) && !this.results.has(parent.id)) {
      this.#skip(node.id, parent.id);
      return undefined;
    }
    const about = this.#about(node.id);
    const warn = (message: string): void => this.#walk.emit({ type: 'log', level: 'warning', message, ...about });
    const found = await stageStore({ runFolder, cacheFolder, ...about, key, warn }).find(ignoreCache);
    if (found === undefined) {
      const rootKey = this.#keys.get(this.#tree.root.id) ?? key;
      const parentTrained = parent !== undefined && parent.id !== this.#tree.root.id;
      return { entry, stage, parentTrained, key, parentKey, rootKey, teacher: teachers?.get(teacherOfStage(stage) ?? '') };
    }
    this.#walk.emit({ type: 'node-started', ...about });
    await this.#accept(node.id, found.outcome, found.cached);
    return undefined;
  }

  async #hear(report: JobReport, open: Map<string, StageJob>): Promise<void> {
    const { node } = report;
    if (!open.has(node)) return;
    const { emit } = this.#walk;
    const about = this.#about(node);
    switch (report.kind) {
      case 'queued':
        emit({ type: 'node-queued', ...about, job: report.job, reason: report.reason });
        return;
      case 'started':
        emit({ type: 'node-started', ...about, job: report.job, host: report.host });
        return;
      case 'progress':
        this.#progressOf(node)(report.phase, report.fraction, report.training);
        return;
      case 'warning':
        emit({ type: 'log', level: 'warning', message: report.message, ...about });
        return;
      case 'done':
        open.delete(node);
        await this.#accept(node, report.outcome, report.cached);
        return;
      case 'cancelled':
        open.delete(node);
        return;
      case 'failed':
        open.delete(node);
        this.failed.push(titleIn(this.#tree.root, node));
        emit({
          type: 'node-failed',
          ...about,
          message: messageOf(report.error),
          cause: isEspalierError(report.error) ? causeOf(report.error) : undefined,
        });
        await this.#logFailure(node, report.error);
        for (const lost of descendants(node, open)) {
          open.delete(lost.node.id);
          this.#skip(lost.node.id, lost.parent?.id ?? node);
        }
        return;
      default:
        unreachable(report);
    }
  }

  async #logFailure(node: string, error: unknown): Promise<void> {
    const printed = await this.#executor.logs(node);
    const messages = [
      ...(!isEspalierError(error) && error instanceof Error ? [error.stack ?? error.message] : []),
      ...(printed.length === 0 ? [] : [`the last lines that it printed:\n${printed.join('\n')}`]),
    ];
    for (const message of messages) this.#walk.emit({ type: 'log', level: 'error', message, ...this.#about(node) });
  }

  #progressOf(node: string): Progress {
    const known = this.#progress.get(node);
    if (known !== undefined) return known;
    const about = this.#about(node);
    const report = throttled((phase, fraction, training) =>
      this.#walk.emit({ type: 'node-progress', ...about, phase, fraction, training }),
    );
    this.#progress.set(node, report);
    return report;
  }

  #skip(node: string, parent: string): void {
    this.#walk.emit({ type: 'node-skipped', ...this.#about(node), reason: `${titleIn(this.#tree.root, parent)} has no result` });
  }

  #warn(message: string): void {
    this.#walk.emit({ type: 'log', level: 'warning', message, model: this.#model.name, node: undefined });
  }

  #about(node: string): { readonly model: string; readonly node: string } {
    return { model: this.#model.name, node };
  }

  /** Other processors round differently and their latencies cannot be compared, so a mixture is reported. */
  #noteProcessor(node: string, processor: string | undefined): void {
    if (processor === undefined) return;
    const nodes = this.#processors.get(processor);
    if (nodes !== undefined) {
      nodes.push(node);
      return;
    }
    this.#processors.set(processor, [node]);
    if (this.#processors.size === 1) return;
    const mixture = [...this.#processors].map(
      ([name, made]) => `${name} (${made.map((id) => `"${id}"`).join(', ')}${made.length > 1 ? ', …' : ''})`,
    );
    this.#warn(
      `results come from different processors, so latencies cannot be compared and the last bits may differ: ${mixture.join('; ')}`,
    );
  }

  /** A node whose certificate fails counts as failed, but keeps its files for inspection. */
  async #accept(node: string, { metrics: measured, densities, files }: StageOutcome, cached: boolean): Promise<void> {
    const about = this.#about(node);
    const { profile, figures, warnings } = (await this.#walk.profile?.(files.tflite)) ?? noProfile;
    for (const message of warnings)
      if (!this.#profileWarnings.has(message)) this.#walk.emit({ type: 'log', level: 'warning', message, ...about });
    for (const message of warnings) this.#profileWarnings.add(message);
    const metrics: NodeMetrics = figures === undefined ? measured : { ...measured, hardware: figures };
    this.results.set(node, metrics);
    this.#progress.delete(node);
    this.#noteProcessor(node, metrics.processor);
    // Readers of this run have not seen the warnings of the run that made the result.
    for (const message of cached ? (metrics.warnings ?? []) : []) this.#walk.emit({ type: 'log', level: 'warning', message, ...about });
    this.#walk.emit({ type: 'node-finished', ...about, cached, metrics, densities, profile, tflite: tflitePath(about.model, about.node) });
    if (metrics.certificate?.passed !== false) return;
    const broken = metrics.certificate.checks.filter(({ passed }) => !passed);
    this.failed.push(titleIn(this.#tree.root, node));
    this.#walk.emit({
      type: 'log',
      level: 'error',
      ...about,
      message: `the certificate fails: ${broken.map(({ layer, property, expected, found }) => `layer "${layer}": ${property} ${found}, expected ${expected}`).join('; ')}`,
    });
  }
}

/** Of the jobs that are open, in their order: those that come from a node. */
function descendants(node: string, open: ReadonlyMap<string, StageJob>): readonly TreeEntry[] {
  const lost = new Set([node]);
  const found: TreeEntry[] = [];
  for (const { entry } of open.values()) {
    if (entry.parent === undefined || !lost.has(entry.parent.id)) continue;
    lost.add(entry.node.id);
    found.push(entry);
  }
  return found;
}

type Progress = (phase: NodePhase, fraction: number, training?: TrainingProgress) => void;

/** At most ten reports a second, to keep the log small; a new phase is reported at once. */
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

export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (isEspalierError(error) && error.code === 'cancelled');
}

function messageOf(error: unknown): string {
  if (isEspalierError(error)) return error.message;
  return `unexpected error: ${error instanceof Error ? error.message : String(error)}`;
}
