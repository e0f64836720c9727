/** Choices of layers by the bytes that they take, in one way to count them or in several at once. */
import type { CountedBudget } from '../../shared/search-budget.ts';
import type { ByteCount, ChoiceSensitivity } from '../../shared/sensitivity.ts';
import { allocate } from './allocate.ts';

/** Of all kernels together. */
type KernelSize = CountedBudget;

/** What each layer may be, in order. */
type Options = readonly (readonly ChoiceSensitivity[])[];

/** What each layer is, in order. */
type Taken = readonly ChoiceSensitivity[];

/** The choices that move the output least within one size; undefined where none are so small. */
export function allocateAlone(options: Options, size: KernelSize): Taken | undefined {
  return allocatePriced(options, size, () => 0);
}

/** Halvings of the logarithm of the price: it is known to 3% then. */
const halvings = 10;
/** Bytes are rounded to such a part of the size while the price is looked for. */
const coarseSteps = 2 ** 12;
/** The highest price and the lowest, of the largest divergence: at the first bytes alone count, at the second divergence alone. */
const highestPrice = 1e6;
const lowestPrice = 1e-9;

/**
 * The choices that move the output least within several sizes, by a price on the bytes of all but one (Everett 1963, Generalized
 * Lagrange Multiplier Method): dynamic programming keeps size k, and
 *
 *     minimize over c:  sum over layers l of divergence(l, c_l) + price * sum over sizes j != k of bytes_j(l, c_l) / size_j
 *
 * With a higher price the other sizes are smaller and the divergence is larger: of those that keep all sizes the lowest price
 * is wanted, found by bisection, for each k. Then no choices with as few bytes of the others move the output less; some with more
 * bytes, between those of two prices, may.
 *
 * @returns undefined where some size alone cannot be kept; where no choices are found that keep all, those that exceed the least
 */
export function allocateTogether(options: Options, sizes: readonly KernelSize[]): Taken | undefined {
  const found = sizes.map((exact) => cheapest(options, exact, sizes)).filter((taken) => taken !== undefined);
  const kept = found.filter((taken) => keepsAll(taken, sizes));
  return kept.length > 0
    ? kept.toSorted((a, b) => divergenceOf(a) - divergenceOf(b))[0]
    : found.toSorted((a, b) => excess(a, sizes) - excess(b, sizes))[0];
}

function cheapest(options: Options, exact: KernelSize, sizes: readonly KernelSize[]): Taken | undefined {
  const others = sizes.filter((size) => size !== exact);
  const share = (choice: ChoiceSensitivity): number => others.reduce((sum, { count, bytes }) => sum + choice.bytes[count] / bytes, 0);
  const solve = (price: number, steps?: number): Taken | undefined =>
    allocatePriced(options, exact, (choice) => price * share(choice), steps);
  const largest = options.reduce(
    (sum, choices) => sum + Math.max(0, ...choices.map(({ divergence }) => divergence).filter(Number.isFinite)),
    0,
  );
  let high = highestPrice * (largest || 1);
  let low = lowestPrice * (largest || 1);
  const smallest = solve(high);
  if (smallest === undefined || !keepsAll(smallest, sizes)) return smallest;
  let best = smallest;
  for (let i = 0; i < halvings; i++) {
    const price = Math.sqrt(low * high);
    const taken = solve(price, coarseSteps);
    if (taken !== undefined && keepsAll(taken, sizes)) {
      best = taken;
      high = price;
    } else low = price;
  }
  const exactly = solve(high);
  return exactly !== undefined && keepsAll(exactly, sizes) && divergenceOf(exactly) < divergenceOf(best) ? exactly : best;
}

function allocatePriced(
  options: Options,
  { count, bytes }: KernelSize,
  priceOf: (choice: ChoiceSensitivity) => number,
  steps?: number,
): Taken | undefined {
  const counted = options.map((choices) =>
    choices.map((choice) => ({ bytes: choice.bytes[count], loss: choice.divergence + priceOf(choice) })),
  );
  return allocate(counted, bytes, steps)?.flatMap((index, layer) => options[layer]?.[index] ?? []);
}

export function divergenceOf(taken: Taken): number {
  return taken.reduce((sum, { divergence }) => sum + divergence, 0);
}

export function bytesOf(taken: Taken, count: ByteCount): number {
  return taken.reduce((sum, { bytes }) => sum + bytes[count], 0);
}

/** Of sums. */
const rounding = 1e-9;

export function keepsAll(taken: Taken, sizes: readonly KernelSize[]): boolean {
  return excess(taken, sizes) <= 1 + rounding;
}

/** Bytes over the size, of the size that they exceed most. */
function excess(taken: Taken, sizes: readonly KernelSize[]): number {
  return Math.max(...sizes.map(({ count, bytes }) => bytesOf(taken, count) / bytes));
}
