/** Which files a search tries for a budget. */
import type { CountedBudget } from '../../shared/search-budget.ts';
import { type Bytes, mapBytes, type SensitivityReport } from '../../shared/sensitivity.ts';
import { type Allocation, allocateLayers } from './allocate-layers.ts';
import { type Candidate, type FileForm, formOf } from './candidate.ts';
import { candidatePath } from './candidate-path.ts';
import { giveInt16, type Int16CostOf, int16Gains } from './choose-int16.ts';
import { narrowAlike, narrowAllocation } from './narrow-allocation.ts';
import type { NarrowLayers } from './narrow-layers.ts';
import { fewestSteps } from './rounds.ts';
import { type Style, styles } from './styles.ts';

/** Files come out a little larger or smaller than they are estimated. */
export const margin = 0.98;

/** What candidates are planned from. */
export interface FieldBasis {
  readonly report: Pick<SensitivityReport, 'layers' | 'overhead'>;
  readonly narrow: NarrowLayers;
  /** What int16 activations of layers take; without it all layers have int8. */
  readonly int16?: { readonly costOf: Int16CostOf; readonly leastGain: number } | undefined;
  /** Whether a file of such a form keeps what a budget limits besides sizes; default: yes. */
  readonly keeps?: ((form: FileForm) => boolean) | undefined;
}

/**
 * @param corrections by the way to count them, bytes of a file of this style over what was estimated of it
 * @returns undefined where nothing fits; where all of several sizes cannot be kept, what is nearest
 */
export function planCandidate(
  basis: FieldBasis,
  budgets: readonly CountedBudget[],
  style: Style,
  corrections: Partial<Bytes> = {},
): Candidate | undefined {
  const sizes = budgets.map(({ count, bytes }) => ({ count, bytes: (bytes * margin) / (corrections[count] ?? 1) }));
  const int8 = allocateInStyle(basis.report, basis, sizes, style);
  return int8 && { style, allocation: withInt16(int8, basis, sizes, style) ?? int8 };
}

function allocateInStyle(
  report: FieldBasis['report'],
  { narrow, keeps = () => true }: FieldBasis,
  sizes: readonly CountedBudget[],
  { allows, narrowing }: Style,
): Allocation | undefined {
  const request = { sizes, allows };
  const whole = allocateLayers(report, request);
  if (whole === undefined || narrowing === 0) return whole;
  const found = narrowAllocation(whole, report, narrow, request, narrowing) ?? whole;
  if (keeps(formOf(found))) return found;
  // RAM and work fall with the filters of all layers: as few are removed as the limits of the device ask for.
  let narrowest = found;
  for (const each of narrowAlike(report, narrow, request)) {
    if (keeps(formOf(each))) return each;
    narrowest = each;
  }
  return narrowest;
}

/**
 * With int16 activations of the layers that gain most by them, of as many as the budget lets have them: their bytes are taken from
 * weights, which must lose less by it. Undefined where that is none.
 */
function withInt16(int8: Allocation, basis: FieldBasis, sizes: readonly CountedBudget[], style: Style): Allocation | undefined {
  const { report, int16, keeps = () => true } = basis;
  if (int16 === undefined) return undefined;
  const gains = int16Gains(report, int8, int16.leastGain);
  for (let most = gains.length; most > 0; most--) {
    const cost = int16.costOf(gains.slice(0, most).map(({ layer }) => layer));
    // Known at once, and an allocation of a large network takes seconds.
    if (!keeps({ ...formOf(int8), int16: cost.layers })) continue;
    const overhead = mapBytes((count) => report.overhead[count] + cost.bytes[count]);
    const found = allocateInStyle({ ...report, overhead }, basis, sizes, style);
    if (found === undefined) continue;
    const allocation = giveInt16(found, new Set(cost.layers));
    const wide = new Set(formOf(allocation).int16);
    // A layer that has 4 bits now keeps int8, and int16 of its neighbours may change nothing without it.
    if (wide.size < cost.layers.length && int16.costOf([...wide]).layers.length < wide.size) continue;
    const gain = gains.reduce((sum, each) => sum + (wide.has(each.layer) ? each.gain : 0), 0);
    if (gain > found.divergence - int8.divergence && keeps(formOf(allocation))) return allocation;
  }
  return undefined;
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
  const planned: Candidate[] = [];
  for (const style of styles) {
    if (keepsTeacher && style.training.distillation !== undefined) continue;
    // Styles that train differently may allow the same settings.
    const alike = planned.find((each) => each.style.allows === style.allows && each.style.narrowing === style.narrowing);
    const candidate = alike === undefined ? planCandidate(basis, budgets, style) : { style, allocation: alike.allocation };
    if (candidate !== undefined) planned.push(candidate);
  }
  const candidates = planned.filter((candidate) => {
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
