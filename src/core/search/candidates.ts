/** Which files a search tries for a budget. */
import type { CountedBudget } from '../../shared/search-budget.ts';
import type { Bytes, SensitivityReport } from '../../shared/sensitivity.ts';
import { type Allocation, allocateLayers, type AllocationRequest } from './allocate-layers.ts';
import type { Candidate } from './candidate.ts';
import { candidatePath } from './candidate-path.ts';
import { narrowedChoices, type NarrowLayers } from './narrow-layers.ts';
import { fewestSteps } from './rounds.ts';
import { type Style, styles } from './styles.ts';

/** Files come out a little larger or smaller than they are estimated. */
export const margin = 0.98;

/** What candidates are planned from. */
export interface FieldBasis {
  readonly report: Pick<SensitivityReport, 'layers' | 'overhead'>;
  readonly narrow: NarrowLayers;
}

/**
 * @param corrections by the way to count them, bytes of a file of this style over what was estimated of it
 * @returns undefined where nothing fits; where all of several sizes cannot be kept, what is nearest
 */
export function planCandidate(
  { report, narrow }: FieldBasis,
  budgets: readonly CountedBudget[],
  style: Style,
  corrections: Partial<Bytes> = {},
): Candidate | undefined {
  const { allows, narrowing } = style;
  const sizes = budgets.map(({ count, bytes }) => ({ count, bytes: (bytes * margin) / (corrections[count] ?? 1) }));
  const whole = allocateLayers(report, { sizes, allows });
  if (whole === undefined) return undefined;
  const narrower = narrowing > 0 ? narrowed(whole, { report, narrow }, { sizes, allows }, narrowing) : undefined;
  return { style, allocation: narrower ?? whole };
}

/** Fewer filters removed from a layer are not worth it: their zeros can lie anywhere. */
const leastPart = 0.1;

/**
 * The same budget with filters removed, more of them in layers that keep fewer weights; undefined where none are, or
 * nothing fits.
 */
function narrowed(
  { choices }: Allocation,
  { report, narrow }: FieldBasis,
  request: AllocationRequest,
  narrowing: number,
): Allocation | undefined {
  const parts = new Map(
    choices
      .map(({ layer, choice }) => [layer, rounded(1 - (1 - choice.sparsity) ** narrowing)] as const)
      .filter(([, part]) => part >= leastPart),
  );
  const layers = narrow(parts);
  // The last layer, for one, keeps its filters whatever part is given.
  const lost = new Set(
    report.layers.filter(({ layer, shape }) => (layers.get(layer)?.filters ?? Infinity) < (shape[0] ?? 0)).map(({ layer }) => layer),
  );
  if (lost.size === 0) return undefined;
  const found = allocateLayers(narrowedChoices(report, layers), request);
  return (
    found && {
      ...found,
      choices: found.choices.map((each) => ({ ...each, filters: lost.has(each.layer) ? parts.get(each.layer) : undefined })),
    }
  );
}

function rounded(part: number): number {
  return Math.round(part * 1e4) / 1e4;
}

/** Share of zeros of all weights from which on few are left. */
const manyZeros = 0.8;

/**
 * All candidates of different settings or training, the most promising first.
 *
 * @param keepsTeacher whether the recipe sets `distillation`, which no style changes then
 */
export function planField(basis: FieldBasis, budgets: readonly CountedBudget[], keepsTeacher: boolean): readonly Candidate[] {
  const seen = new Set<string>();
  const candidates = styles
    .filter(({ training }) => !keepsTeacher || training.distillation === undefined)
    .flatMap((style) => planCandidate(basis, budgets, style) ?? [])
    .filter((candidate) => {
      const key = JSON.stringify(candidatePath(candidate, fewestSteps, {}));
      return !seen.has(key) && seen.add(key);
    });
  const [first] = candidates;
  const few = first !== undefined && zeroShare(first.allocation, basis.report) >= manyZeros;
  const isFirst = ({ style }: Candidate): number => Number(few && style.forFewWeights);
  return candidates.toSorted((a, b) => isFirst(b) - isFirst(a));
}

function zeroShare({ choices }: Allocation, { layers }: FieldBasis['report']): number {
  const elements = new Map(layers.map((layer) => [layer.layer, layer.elements]));
  const zeros = choices.reduce((sum, { layer, choice }) => sum + choice.sparsity * (elements.get(layer) ?? 0), 0);
  return zeros / layers.reduce((sum, layer) => sum + layer.elements, 0);
}
