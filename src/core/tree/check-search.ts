/** What keeps a search from finding anything, answered before it trains. */
import { type MeasureId, measureRow } from '../../shared/measures.ts';
import type { ParetoSearch, Targets } from '../../shared/recipe/targets.ts';
import type { HardwareFigures } from '../../shared/results.ts';
import { isSettable } from '../../shared/layer-choices.ts';
import { budgetCounts, type CountedBudget } from '../../shared/search-budget.ts';
import type { SensitivityReport } from '../../shared/sensitivity.ts';
import { targetMeasures } from '../../shared/targets.ts';
import { EspalierError } from '../errors.ts';
import { smallestFile } from '../search/allocate-layers.ts';
import { hasRoom, nearestOfApart, nearestSize } from '../search/check-field.ts';
import type { Candidate } from '../search/candidate.ts';
import { margin } from '../search/candidates.ts';
import { fewestSteps, planRungs, type Rung, testSteps } from '../search/rounds.ts';
import type { SearchBasis, SearchSupport } from './search-support.ts';

export interface CheckedSearch {
  readonly support: SearchSupport;
  readonly search: ParetoSearch;
}

/** Stages also fit, calibrate and measure: the part of the time that is left for training steps. */
export const trainingShare = 0.7;

/** @throws EspalierError that says what is possible instead */
export async function checkSearch(
  { support, search }: CheckedSearch,
  budgets: readonly Targets[],
  basis: SearchBasis,
  steps: number,
): Promise<readonly Rung[]> {
  const { sensitivity, baselineError, chanceError, stepSeconds } = basis;
  // In a file that was read again it is null.
  if (!Number.isFinite(baselineError))
    throw new EspalierError('invalid-data', 'the trained model has no measure on the validation examples, by which a search chooses', {
      where: 'data',
      fix: 'hold back more of them, so that each class occurs, and check that the outputs of the model are numbers',
    });
  if (chanceError !== undefined && baselineError > chanceError * 0.95)
    throw new EspalierError(
      'invalid-data',
      `the trained model is right in ${((1 - baselineError) * 100).toFixed(1)}% of the validation examples, near chance`,
      {
        fix: 'check the preprocessing (scale, normalise) and the order of classes in the data block',
      },
    );
  const hardware = (await support.structures()).hardware();
  await checkMeasured(support, budgets, hardware);
  checkSizes(budgets, sensitivity, hardware);
  const tests = testSteps(support.recipe.training ?? {});
  const rungs = planRungs(Math.floor(steps / budgets.length), tests);
  if (rungs !== undefined) return rungs;
  const needed = (fewestSteps + tests) * budgets.length;
  const minutes = (needed * stepSeconds) / 60 / trainingShare;
  throw new EspalierError(
    'invalid-recipe',
    `${steps} training steps for ${budgets.length === 1 ? 'a budget' : `${budgets.length} budgets`} are too few`,
    {
      where: 'strategy',
      fix: `give at least ${search.steps === undefined ? inMinutes(minutes) : `${needed} steps`}`,
    },
  );
}

function inMinutes(minutes: number): string {
  const whole = Math.max(1, Math.ceil(minutes));
  return whole === 1 ? 'a minute' : `${whole} minutes`;
}

/** A file keeps no limit of what cannot be measured. */
async function checkMeasured(support: SearchSupport, budgets: readonly Targets[], hardware: HardwareFigures | undefined): Promise<void> {
  for (const { measure, target, name } of targetMeasures) {
    if (budgets.every((budget) => budget[target] === undefined)) continue;
    const isKnown =
      measure === 'packed' ? await support.canPack() : !profiled.has(measure) || (hardware !== undefined && hasCycles(measure, hardware));
    if (isKnown) continue;
    throw new EspalierError('invalid-recipe', `${name} of this model cannot be measured, so no file would keep a limit of it`, {
      where: 'budgets',
      fix: `leave "${target}" out; \`espalier convert\` and then \`espalier profile\` say which operator TFLite Micro lacks`,
    });
  }
}

const profiled: ReadonlySet<MeasureId> = new Set(['ethosU', 'ram', 'flash', 'macs', 'cycles']);

/** An operator without a model of its cycles leaves the whole without. */
function hasCycles(measure: MeasureId, { cycles }: HardwareFigures): boolean {
  return measure !== 'cycles' || cycles !== undefined;
}

/** The plain int8 file: a byte for each weight, whatever bits a recipe's rules permit. */
export function wholeFile({ overhead, layers }: Pick<SensitivityReport, 'layers' | 'overhead'>): number {
  return overhead.raw + layers.reduce((sum, { elements }) => sum + elements, 0);
}

/**
 * What no settings of layers keep.
 *
 * @throws EspalierError that says what is possible instead
 */
export function checkSizes(
  budgets: readonly Targets[],
  sensitivity: Pick<SensitivityReport, 'layers' | 'overhead'>,
  hardware: HardwareFigures | undefined,
): void {
  const whole = wholeFile(sensitivity);
  for (const budget of budgets) {
    if (budget.ethosUBytes !== undefined && budget.fileBytes !== undefined && budget.fileBytes < whole)
      throw new EspalierError(
        'invalid-recipe',
        `"fileBytes" of ${budget.fileBytes} needs 4-bit weights, which an Ethos-U does not run, and "ethosUBytes" wants layers that it runs`,
        { where: 'budgets', fix: `leave one of them out, or allow a plain file of ${Math.ceil(whole)} bytes` },
      );
    for (const { count, bytes } of budgetCounts(budget)) {
      const overhead = sensitivity.overhead[count];
      const least = smallestFile(sensitivity, count);
      const [subject, verb] = count === 'ethosU' ? [`kernels of ${bytes} bytes for an Ethos-U`, 'are'] : [`a file of ${bytes} bytes`, 'is'];
      // Where the file could not be profiled, nothing is known of it.
      if (count === 'ethosU' && hardware !== undefined && !((hardware.ethosUBytes ?? 0) > 0))
        throw new EspalierError('invalid-recipe', 'an Ethos-U runs no layer of this model, so its bytes limit nothing', {
          where: 'budgets',
          fix: 'give "compressedBytes", "packedBytes" or "fileBytes" instead of "ethosUBytes"',
        });
      if (hasRoom(sensitivity, { count, bytes })) continue;
      if (!Number.isFinite(least))
        throw new EspalierError('invalid-recipe', 'a rule gives layers 4-bit weights, with which they leave the Ethos-U', {
          where: 'layers',
          fix: 'leave its "bits" out, or give "compressedBytes", "packedBytes" or "fileBytes" instead of "ethosUBytes"',
        });
      const taken = `${count === 'ethosU' ? 'they take' : 'it takes'} about ${Math.ceil(least)}`;
      const nearest = nearestSize(sensitivity, count);
      if (sensitivity.layers.every(({ choices }) => choices.filter(isSettable).length <= 1))
        throw new EspalierError('invalid-recipe', `${subject} ${verb} not possible: no layer may change, so ${taken}`, {
          where: 'budgets',
          fix: `allow about ${nearest} bytes, or let fewer rules under "layers" and patterns of "freeze" keep layers as they are; depthwise kernels always keep their weights`,
        });
      throw new EspalierError(
        'invalid-recipe',
        bytes <= overhead
          ? `${subject} ${verb} not possible: without its kernels it takes about ${Math.ceil(overhead)}`
          : `${subject} ${verb} not possible: with the strongest setting of every layer ${taken}`,
        { where: 'budgets', fix: `the nearest that is possible is about ${nearest} bytes; expect it to lose much` },
      );
    }
  }
}

/**
 * Sizes of one budget of which no candidate keeps both.
 *
 * @param candidates all that there are for the budget
 * @throws EspalierError that says what is possible instead
 */
export function checkTogether(budget: Targets, candidates: readonly Candidate[]): void {
  const counts = budgetCounts(budget);
  const nearest = nearestOfApart(candidates, counts);
  if (nearest === undefined) return;
  const named = (bytesOf: (counted: CountedBudget) => number): string =>
    counts.map((counted) => `${measureRow(counted.count).target?.name ?? counted.count} of ${Math.ceil(bytesOf(counted))}`).join(' and ');
  throw new EspalierError('invalid-recipe', `${named(({ bytes }) => bytes)} bytes are each possible, but not together`, {
    where: 'budgets',
    fix: `the nearest that is possible is about ${named(({ count }) => nearest.allocation.sizes[count] / margin)}; or leave one of them out`,
  });
}
