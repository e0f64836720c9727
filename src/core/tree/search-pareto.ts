/**
 * From budgets to files: allocations along the front become branches of ordinary stages, trained short first, and those
 * that do best on validation examples longer. Test examples are measured, as of every node, and decide nothing.
 */
import path from 'node:path';
import { formatPercent } from '../../shared/drawing/format.ts';
import { describeChoice } from '../../shared/layer-choices.ts';
import { measureRow } from '../../shared/measures.ts';
import type { ParetoSearch, Targets } from '../../shared/recipe/targets.ts';
import { withTeachers } from '../../shared/recipe/teachers.ts';
import { isSound } from '../../shared/recommendation.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { budgetCounts, budgetsOf } from '../../shared/search-budget.ts';
import { checkTargets, describeVerdict, keepsOtherLimits } from '../../shared/targets.ts';
import { flattenTree, titleIn, type TreeEntry } from '../../shared/tree.ts';
import type { LayerAllocation } from '../search/allocate-layers.ts';
import { candidatePath } from '../search/candidate-path.ts';
import { type Candidate, formOf } from '../search/candidate.ts';
import { planCandidate } from '../search/candidates.ts';
import { errorWithinBudget, fewestSteps, longestOfBest, type Rung, sizeTolerance } from '../search/rounds.ts';
import { type PlannedTree, planTree, rootId } from './deployment-tree.ts';
import type { Verdict } from './recommendation.ts';
import { checkSearch, trainingShare } from './check-search.ts';
import { type Contest, planContest } from './contest.ts';
import { permittedChoices } from './permitted-choices.ts';
import type { SearchSupport } from './search-support.ts';
import { selectNodes } from './select-nodes.ts';
import { relocateData, relocatedPath } from './recipe/relocate-data.ts';
import { recommendedFolder, writeRecommended } from './recommended-files.ts';
import { soundTflite } from './store/result-folder.ts';
import { resultPath } from './store/run-store.ts';
import { isCancellation, type TreeWalker } from './tree-walker.ts';

export interface ParetoWalk {
  readonly walker: TreeWalker;
  readonly support: SearchSupport;
  readonly search: ParetoSearch;
  readonly model: string;
  readonly runFolder: string;
  readonly signal: AbortSignal;
  readonly report: (message: string) => void;
}

/** A branch that has been trained. */
interface Trained {
  readonly contest: Contest;
  readonly candidate: Candidate;
  readonly steps: number;
  /** The last node. */
  readonly leaf: string;
  readonly metrics: NodeMetrics;
  readonly tflite: Uint8Array;
  /** On validation examples. */
  readonly error: number;
  readonly standardError: number;
}

/**
 * What was compared before a search was cancelled is its verdict.
 *
 * @throws EspalierError before anything trains: for budgets that no file can keep, too little time, too few validation
 * examples, a trained model at chance; `cancelled`
 */
export async function searchPareto(walk: ParetoWalk): Promise<Verdict> {
  const { walker, support, search, runFolder, signal, report } = walk;
  const { training = {}, targets, layers: rules = [] } = support.recipe;
  const budgets = budgetsOf(search, targets);
  const baseline = walker.results.get(rootId);
  if (baseline === undefined) return { met: false, reason: 'the trained model has no result to compare files with' };
  await support.checkLayers();
  const measured = await support.basis(runFolder, signal, report);
  const basis = { ...measured, sensitivity: permittedChoices(measured.sensitivity, { rules, freeze: training.freeze ?? [] }) };
  const steps = search.steps ?? Math.floor(((search.minutes ?? 0) * 60 * trainingShare) / basis.stepSeconds);
  const rungs = await checkSearch({ support, search }, budgets, basis, steps);
  report(
    `search: ${steps} training steps${search.steps === undefined ? `, ${search.minutes ?? 0} minutes at ${(basis.stepSeconds * 1000).toFixed(1)} ms a step` : ''}; ` +
      rungs.map((rung) => `${rung.candidates} of ${rung.steps}`).join(', then '),
  );
  const structures = await support.structures();
  const setting = { recipe: support.recipe, structures, sensitivity: basis.sensitivity, baseline };
  const contests = budgets.map((budget, index) => planContest(budget, index + 1, rungs, setting));
  const trained: Trained[] = [];
  try {
    await compete(walk, contests, rungs, trained);
  } catch (error) {
    if (!isCancellation(error, signal)) throw error;
    return { ...(await conclude(walk, contests, trained)), cancelled: true };
  }
  return conclude(walk, contests, trained);
}

/** Trains round after round; what a round has compared is kept in `trained`, also where the next one is cancelled. */
async function compete(walk: ParetoWalk, contests: readonly Contest[], rungs: readonly Rung[], trained: Trained[]): Promise<void> {
  const { walker } = walk;
  for (const [round, rung] of rungs.entries()) {
    const made = await train(walk, contests, rung.steps);
    trained.push(...made);
    const next = rungs[round + 1]?.candidates ?? 0;
    for (const contest of contests) {
      const ranked = made.filter((each) => each.contest === contest).toSorted(byPromise);
      describeRound(walk, contest, ranked, round + 1);
      contest.field = ranked.slice(0, next).map(corrected);
    }
  }
  // What trained longest is the file that is wanted, so it has another try before a shorter one stands in for it.
  const missed = contests.filter(
    (contest) =>
      best(
        trained.filter((each) => isOfLastRound(each, contest)),
        contest.budget,
        walker,
      ) === undefined,
  );
  for (const contest of missed)
    contest.field = trained
      .filter((each) => isOfLastRound(each, contest))
      .toSorted(byPromise)
      .slice(0, 1)
      .map(corrected);
  if (missed.some(({ field }) => field.length > 0))
    trained.push(...(await train(walk, missed, rungs.at(-1)?.steps ?? fewestSteps, 'again-')));
}

function isOfLastRound({ contest, steps }: Trained, { place, rungs }: Contest): boolean {
  return contest.place === place && steps === rungs.at(-1)?.steps;
}

/** Grows a branch for every candidate and trains all of them. */
async function train(
  { walker, support, model, runFolder, signal }: ParetoWalk,
  contests: readonly Contest[],
  steps: number,
  prefix = '',
): Promise<readonly Trained[]> {
  const { training = {} } = support.recipe;
  const branches = contests.flatMap((contest) =>
    contest.field.map((candidate) => {
      const name = `${prefix}${contest.place}${candidate.style.name}-${steps}`;
      const { techniques, node } = candidatePath(candidate, steps, training, name);
      const planned = planTree(techniques);
      return { contest, candidate, leaf: node, branch: { root: selectNodes(planned.root, [node]), stages: planned.stages } };
    }),
  );
  if (branches.length === 0) return [];
  const tree = branches.reduce((whole, { branch }) => withBranch(whole, branch), walker.tree);
  walker.grow(tree);
  const leaves = new Set(branches.map(({ leaf }) => leaf));
  await walker.visitAll(pathsTo(tree, leaves));
  const trained: Trained[] = [];
  for (const { contest, candidate, leaf } of branches) {
    const metrics = walker.results.get(leaf);
    if (metrics === undefined) continue;
    const tflite = await soundTflite(path.join(runFolder, resultPath(model, leaf)));
    trained.push({ contest, candidate, steps, leaf, metrics, tflite, ...(await support.validationError(tflite, signal)) });
  }
  return trained;
}

function withBranch(tree: PlannedTree, branch: PlannedTree): PlannedTree {
  const known = new Set(tree.root.children.map(({ id }) => id));
  return {
    root: { ...tree.root, children: [...tree.root.children, ...branch.root.children.filter(({ id }) => !known.has(id))] },
    stages: new Map([...tree.stages, ...branch.stages]),
  };
}

/** The nodes that lead to these leaves, parents first; without the root, which is done. */
function pathsTo({ root }: PlannedTree, leaves: ReadonlySet<string>): readonly TreeEntry[] {
  return flattenTree(root).filter(
    ({ node }) => node.id !== rootId && [...leaves].some((leaf) => leaf === node.id || leaf.startsWith(`${node.id}/`)),
  );
}

/** The same style with settings by the bytes that its file took; as it was where these do not keep the limits of a device. */
function corrected({ contest, candidate, metrics }: Trained): Candidate {
  const counts = budgetCounts(contest.budget);
  const { sizes } = candidate.allocation;
  const corrections = Object.fromEntries(
    counts.flatMap(({ count }) => {
      const taken = measureRow(count).value(metrics);
      return taken === undefined || sizes[count] === 0 ? [] : [[count, taken / sizes[count]]];
    }),
  );
  const { basis } = contest;
  const found = planCandidate(basis, counts, candidate.style, corrections);
  return found === undefined || basis.keeps?.(formOf(found.allocation)) === false ? candidate : found;
}

/** The more promising first: those that are far too large come last, of others what is expected of them within the budget decides. */
function byPromise(a: Trained, b: Trained): number {
  const excess = ({ contest, metrics }: Trained): number =>
    Math.max(...budgetCounts(contest.budget).map(({ count, bytes }) => (measureRow(count).value(metrics) ?? Infinity) / bytes));
  return (
    Number(excess(a) > sizeTolerance) - Number(excess(b) > sizeTolerance) ||
    errorWithinBudget(a.error, excess(a)) - errorWithinBudget(b.error, excess(b)) ||
    (measureRow('gzip').value(a.metrics) ?? 0) - (measureRow('gzip').value(b.metrics) ?? 0)
  );
}

/** Of the sound files that keep every limit but that of the loss. */
function best(trained: readonly Trained[], budget: Targets, { results }: TreeWalker): Trained | undefined {
  const keeps = ({ metrics }: Trained): boolean => keepsOtherLimits(checkTargets(budget, results.get(rootId), metrics));
  return longestOfBest(
    trained
      .filter(isSound)
      .filter(keeps)
      .toSorted((a, b) => a.tflite.length - b.tflite.length),
  );
}

function describeRound({ report, walker }: ParetoWalk, { place, budget }: Contest, ranked: readonly Trained[], round: number): void {
  for (const { leaf, error, metrics, candidate } of ranked) {
    const sizes = budgetCounts(budget).map(({ count }) => `${measureRow(count).value(metrics) ?? '?'} bytes ${count}`);
    const settings = candidate.allocation.choices.map(describeLayer).slice(0, 6);
    report(
      `search: budget ${place}, round ${round}: ${titleIn(walker.tree.root, leaf)} has an error of ${error.toFixed(4)} on validation examples, ${sizes.join(', ')} (${settings.join('; ')}${candidate.allocation.choices.length > 6 ? '; …' : ''})`,
    );
  }
}

function describeLayer({ layer, choice, filters, activations }: LayerAllocation): string {
  const removed = filters === undefined ? '' : `${formatPercent(filters, 1)} of the filters removed, `;
  return `${layer}: ${removed}${describeChoice(choice)}${activations === undefined ? '' : `, ${activations} activations`}`;
}

/** Writes the recommended file of each budget with a recipe that makes it again, and judges the budgets. */
async function conclude(walk: ParetoWalk, contests: readonly Contest[], trained: readonly Trained[]): Promise<Verdict> {
  const { walker, report } = walk;
  const baseline = walker.results.get(rootId);
  const verdicts: { readonly met: boolean; readonly reason: string; readonly node?: string }[] = [];
  for (const { budget, place } of contests) {
    const found = best(trained, budget, walker);
    const shown = found ?? trained.filter((each) => each.contest.place === place && isSound(each)).toSorted(byPromise)[0];
    if (shown === undefined) {
      verdicts.push({ met: false, reason: `budget ${place}: no file has been compared on validation examples` });
      continue;
    }
    const checks = checkTargets(budget, baseline, shown.metrics);
    const met = found !== undefined && checks.every((check) => check.met);
    const files = await recommend(walk, place, shown);
    const title = titleIn(walker.tree.root, shown.leaf);
    report(`search: budget ${place}: ${files}`);
    verdicts.push({
      met,
      node: shown.leaf,
      reason: `budget ${place}: ${met ? title : `no file keeps it; the nearest is ${title}`}: ${checks.map(describeVerdict).join(', ')}, error on validation examples ${shown.error.toFixed(4)}`,
    });
  }
  return {
    met: verdicts.every(({ met }) => met),
    reason: verdicts.map(({ reason }) => reason).join('; '),
    ...(verdicts[0]?.node === undefined ? {} : { node: verdicts[0].node }),
    chosen: verdicts.flatMap(({ node }, budget) => (node === undefined ? [] : [{ node, budget }])),
  };
}

async function recommend({ runFolder, support, model }: ParetoWalk, place: number, { candidate, steps, tflite }: Trained): Promise<string> {
  const folder = path.join(runFolder, recommendedFolder);
  const { techniques, node } = candidatePath(candidate, steps, support.recipe.training ?? {});
  const { seed, measure, deploy, engine, layers } = support.recipe;
  const { techniques: moved } = withTeachers({ techniques }, (file) => relocatedPath(file, support.folder, folder));
  const recipe = {
    models: [{ name: model, path: support.model.path, inputShape: support.model.inputShapes, outputs: support.model.outputs }],
    data: relocateData(support.model.data, support.model.dataFolder, folder),
    techniques: moved,
    nodes: [node],
    // Those of the techniques come after them, and say nothing of the int16 layers that these name.
    layers,
    seed,
    engine: { ...engine, threads: support.threads },
    measure,
    deploy,
  };
  const files = await writeRecommended(runFolder, { model, place, tflite, recipe });
  return `${files.tflite}, and the recipe that makes it again: ${files.recipe}`;
}
