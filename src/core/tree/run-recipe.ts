/** Walks the deployment trees of a recipe towards its targets, and says how it ended. */
import { setMaxListeners } from 'node:events';
import { hasTargets } from '../../shared/targets.ts';
import type { ChosenFile, RunFinished } from '../../shared/events.ts';
import type { ParetoSearch, SearchOptions, Targets } from '../../shared/recipe/targets.ts';
import { judge, levelsOf, recommend } from './recommendation.ts';
import type { Verdict } from './recommendation.ts';
import { searchTargets } from './search-targets.ts';
import { searchPareto } from './search-pareto.ts';
import { isCancellation, TreeWalker } from './tree-walker.ts';
import type { ModelRun, WalkSettings } from './tree-walker.ts';

export interface Walk extends WalkSettings {
  readonly models: readonly ModelRun[];
  readonly targets: Targets | undefined;
  readonly untilTargets: boolean;
  /** Where the accuracy target is missed, try other sparsities or cluster counts. */
  readonly search?: SearchOptions;
  /** From budgets to files, instead of the tree. */
  readonly pareto?: ParetoSearch | undefined;
  /** Whether the models are walked at the same time, instead of one after the other. */
  readonly modelsAtOnce?: boolean;
}

type Outcome = Pick<RunFinished, 'outcome' | 'reason' | 'chosen'>;

/** Ends with a `run-finished` event in every case that is not a bug. */
export async function runRecipe(walk: Walk): Promise<Outcome> {
  const outcome = await walkModels(walk);
  walk.emit({ type: 'run-finished', ...outcome });
  return outcome;
}

interface TreeOutcome extends Omit<Verdict, 'chosen' | 'cancelled'> {
  readonly failed: readonly string[];
  readonly chosen?: readonly ChosenFile[] | undefined;
  readonly cancelled: boolean | undefined;
}

const OTHER_LISTENERS = 10;

async function walkModels(walk: Walk): Promise<Outcome> {
  const outcomes: TreeOutcome[] = [];
  try {
    if (walk.modelsAtOnce === true) await walkAtOnce(walk, outcomes);
    else for (const model of walk.models) outcomes.push(await walkModel(walk, model));
  } catch (error) {
    if (isCancellation(error, walk.signal)) return cancelled(walk, outcomes);
    throw error;
  }
  if (outcomes.some((outcome) => outcome.cancelled === true)) return cancelled(walk, outcomes);
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  const reasons = outcomes.flatMap(({ reason }) => (reason === '' ? [] : [reason]));
  const chosen = chosenFiles(walk, outcomes);
  if (failed.length > 0) return { outcome: 'failed', reason: [`${failed.join(', ')} failed`, ...reasons].join('; '), chosen };
  const outcome = outcomes.every(({ met }) => met) ? 'done' : 'targets-missed';
  return { outcome, reason: reasons.join('; ') || 'all nodes are done', chosen };
}

/** Where the run is cancelled all models have ended: a search goes on to write the files that it has chosen. */
async function walkAtOnce(walk: Walk, outcomes: TreeOutcome[]): Promise<void> {
  // Every model that is walked listens, and Node.js warns of more than ten.
  setMaxListeners(walk.models.length + OTHER_LISTENERS, walk.signal);
  const walks = walk.models.map((model) => walkModel(walk, model));
  try {
    outcomes.push(...(await Promise.all(walks)));
  } catch (error) {
    if (isCancellation(error, walk.signal))
      for (const ended of await Promise.allSettled(walks)) if (ended.status === 'fulfilled') outcomes.push(ended.value);
    throw error;
  }
}

/** With what a search has, of the models that it came to. */
function cancelled(walk: Walk, outcomes: readonly TreeOutcome[]): Outcome {
  const found = walk.pareto === undefined ? [] : outcomes.map(({ reason }) => reason);
  const soFar = found.length === 0 ? '' : `; so far: ${found.join('; ')}`;
  return { outcome: 'cancelled', reason: `cancelled; finished nodes are kept${soFar}`, chosen: chosenFiles(walk, outcomes) };
}

/** The files of a search from budgets; undefined of other runs. */
function chosenFiles({ pareto }: Walk, outcomes: readonly TreeOutcome[]): readonly ChosenFile[] | undefined {
  return pareto === undefined ? undefined : outcomes.flatMap((outcome) => outcome.chosen ?? []);
}

async function walkModel(walk: Walk, model: ModelRun): Promise<TreeOutcome> {
  const named = (text: string): string => (walk.models.length > 1 ? `${model.name}: ${text}` : text);
  const walker = new TreeWalker(walk, model);
  const { met, reason, chosen, cancelled: isCancelled } = await walkTree(walk, model, walker);
  return {
    met,
    cancelled: isCancelled,
    reason: reason === '' ? '' : named(reason),
    failed: walker.failed.map(named),
    chosen: chosen?.map((file) => ({ ...file, model: model.name })),
  };
}

async function walkTree(walk: Walk, model: ModelRun, walker: TreeWalker): Promise<Verdict> {
  const targets = hasTargets(walk.targets) ? walk.targets : undefined;
  const tell = (message: string): void => walk.emit({ type: 'log', level: 'info', message, model: model.name, node: undefined });
  if (walk.pareto !== undefined) {
    await walker.visitAll(levelsOf(model.tree.root, false).flat());
    if (model.search === undefined) throw new Error('a search from budgets needs what it measures itself');
    const { runFolder, signal } = walk;
    return searchPareto({ walker, support: model.search, search: walk.pareto, model: model.name, runFolder, signal, report: tell });
  }
  const levels = levelsOf(model.tree.root, walk.untilTargets);
  for (const [index, level] of levels.entries()) {
    await walker.visitAll(level);
    if (targets === undefined || !walk.untilTargets) continue;
    const verdict = judge(targets, model.tree.root, walker.results);
    const rest = levels.slice(index + 1).flat();
    if (verdict.met) {
      const reason = `stopped at level ${index}: ${verdict.reason}`;
      for (const { node } of rest) walk.emit({ type: 'node-skipped', model: model.name, node: node.id, reason });
      return { met: true, reason };
    }
    if (rest.length > 0) tell(`level ${index}: ${verdict.reason}; going one level deeper`);
  }
  if (targets === undefined) return { met: true, reason: recommend(model.tree.root, walker.results, walk.targets) ?? '' };
  const verdict = judge(targets, walker.tree.root, walker.results);
  if (verdict.met || walk.search === undefined) return verdict;
  await searchTargets(walker, targets, walk.search, tell);
  return judge(targets, walker.tree.root, walker.results);
}
