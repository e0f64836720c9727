/** Walks the deployment trees of a recipe: every node found or made, measured, kept, and told as events. */
import { EspalierError, isEspalierError } from '../errors.ts';
import { hasTargets } from '../../shared/targets.ts';
import type { NodePhase, RunEventBody, RunFinished, TrainingProgress } from '../../shared/events.ts';
import type { LayerRule, Targets } from '../../shared/recipe.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import type { TreeEntry } from '../../shared/tree.ts';
import type { PlannedTree, Stage } from './deployment-tree.ts';
import { judge, levelsOf } from './explorer.ts';
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

export interface Walk {
  readonly models: readonly ModelRun[];
  readonly rules: readonly LayerRule[];
  readonly targets: Targets | undefined;
  readonly untilTargets: boolean;
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly ignoreCache: boolean;
  readonly emit: (event: RunEventBody) => void;
  readonly signal: AbortSignal;
}

type Outcome = Pick<RunFinished, 'outcome' | 'reason'>;

/** Ends with a `run-finished` event in every case that is not a bug. */
export async function runRecipe(walk: Walk): Promise<Outcome> {
  const outcome = await walkModels(walk);
  walk.emit({ type: 'run-finished', ...outcome });
  return outcome;
}

async function walkModels(walk: Walk): Promise<Outcome> {
  const verdicts: { readonly met: boolean; readonly reason: string; readonly failed: readonly string[] }[] = [];
  for (const model of walk.models) {
    try {
      verdicts.push(await walkTree(walk, model));
    } catch (error) {
      if (isCancellation(error, walk.signal)) return { outcome: 'cancelled', reason: 'cancelled; finished nodes are kept' };
      throw error;
    }
  }
  const failed = verdicts.flatMap((verdict) => verdict.failed);
  const reason = verdicts
    .map((verdict) => verdict.reason)
    .filter((text) => text !== '')
    .join('; ');
  if (failed.length > 0) return { outcome: 'failed', reason: `${failed.join(', ')} failed${reason === '' ? '' : `; ${reason}`}` };
  return { outcome: verdicts.every(({ met }) => met) ? 'done' : 'targets-missed', reason: reason === '' ? 'all nodes are done' : reason };
}

async function walkTree(
  walk: Walk,
  model: ModelRun,
): Promise<{ readonly met: boolean; readonly reason: string; readonly failed: readonly string[] }> {
  const walker = new TreeWalker(walk, model);
  const levels = levelsOf(model.tree.root, walk.untilTargets);
  const targets = hasTargets(walk.targets) ? walk.targets : undefined;
  const named = (text: string): string => (walk.models.length > 1 ? `${model.name}: ${text}` : text);
  for (const [index, level] of levels.entries()) {
    for (const entry of level) await walker.visit(entry);
    if (targets === undefined) continue;
    const verdict = judge(targets, model.tree.root, walker.results);
    const rest = levels.slice(index + 1).flat();
    if (!verdict.met && rest.length > 0) {
      walk.emit({
        type: 'log',
        level: 'info',
        message: `level ${index}: ${verdict.reason}; going one level deeper`,
        model: model.name,
        node: undefined,
      });
      continue;
    }
    const reason = walk.untilTargets && verdict.met ? `stopped at level ${index}: ${verdict.reason}` : verdict.reason;
    for (const { node } of rest) walk.emit({ type: 'node-skipped', model: model.name, node: node.id, reason });
    return { met: verdict.met, reason: named(reason), failed: walker.failed.map(named) };
  }
  return { met: true, reason: '', failed: walker.failed.map(named) };
}

class TreeWalker {
  readonly results = new Map<string, NodeMetrics>();
  readonly failed: string[] = [];
  readonly #walk: Walk;
  readonly #model: ModelRun;
  readonly #files = new Map<string, StageFiles>();
  readonly #keys = new Map<string, string>();
  readonly #lineages = new Map<string, readonly Stage[]>();
  #runner: Promise<StageRunner> | undefined;

  constructor(walk: Walk, model: ModelRun) {
    this.#walk = walk;
    this.#model = model;
  }

  async visit({ node, parent }: TreeEntry): Promise<void> {
    const { emit, signal, rules } = this.#walk;
    const about = { model: this.#model.name, node: node.id };
    throwIfCancelled(signal);
    const stage = this.#model.tree.stages.get(node.id);
    if (stage === undefined) throw new Error(`node "${node.id}" has no stage`);
    if (parent !== undefined && !this.#files.has(parent.id)) {
      emit({ type: 'node-skipped', ...about, reason: `"${parent.id}" has no result` });
      return;
    }
    const parentKey = parent === undefined ? this.#model.dependencies : (this.#keys.get(parent.id) ?? '');
    const key = stageKey(parentKey, stage, rules);
    const lineage = parent === undefined ? [] : (this.#lineages.get(parent.id) ?? []);
    this.#keys.set(node.id, key);
    this.#lineages.set(node.id, [...lineage, stage]);
    emit({ type: 'node-started', ...about });
    try {
      const { outcome, cached } = await this.#findOrMake(key, stage, lineage, { node, parent });
      this.#accept(about, outcome, cached);
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      this.failed.push(`"${node.id}"`);
      emit({ type: 'node-failed', ...about, message: messageOf(error) });
      if (!isEspalierError(error) && error instanceof Error)
        emit({ type: 'log', level: 'error', message: error.stack ?? error.message, ...about });
    }
  }

  async #findOrMake(
    key: string,
    stage: Stage,
    lineage: readonly Stage[],
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
      lineage,
      rules,
      signal,
      warn,
      checkpoint: store.checkpoint,
      parent: parent && this.#files.get(parent.id),
      baseline: this.#files.get(this.#model.tree.root.id),
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
    this.failed.push(`"${about.node}"`);
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

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EspalierError('cancelled', 'the run was cancelled');
}

function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || (isEspalierError(error) && error.code === 'cancelled');
}

function messageOf(error: unknown): string {
  if (isEspalierError(error)) return error.message;
  return `unexpected error: ${error instanceof Error ? error.message : String(error)}`;
}
