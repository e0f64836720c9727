/** Whether a search has candidates for a budget, asked before it trains any. */
import type { CountedBudget } from '../../shared/search-budget.ts';
import type { SensitivityReport } from '../../shared/sensitivity.ts';
import { allocateLayers, smallestFile } from './allocate-layers.ts';
import type { Candidate } from './candidate.ts';
import { margin } from './candidates.ts';

type Layers = Pick<SensitivityReport, 'layers' | 'overhead'>;

/** Whether some settings of layers keep the size with the margin that candidates leave. */
export function hasRoom(report: Layers, { count, bytes }: CountedBudget): boolean {
  return allocateLayers(report, { sizes: [{ count, bytes: bytes * margin }] }) !== undefined;
}

/** Part by which the nearest size is above the smallest file, at least. */
const nearestRoom = 0.05;
/** Where divergences are not numbers no size has room. */
const mostTries = 20;

/** A size near the smallest one that leaves room for a candidate, where there is a smallest one. */
export function nearestSize(report: Layers, count: CountedBudget['count']): number {
  const least = smallestFile(report, count);
  let size = Math.ceil(least * (1 + nearestRoom));
  // Bytes of each layer are rounded up: of many layers in a small file that may be more than the room.
  for (let tries = 0; tries < mostTries && Number.isFinite(size) && !hasRoom(report, { count, bytes: size }); tries++)
    size = Math.ceil(size * (1 + nearestRoom));
  return size;
}

/** Estimates differ so much from what files take that a budget which is missed by less may be kept. */
const estimateTolerance = 1.15;

/**
 * Sizes that some settings of layers keep each, but none keep all.
 *
 * @returns undefined where a candidate is near all sizes; else the one that misses by least
 */
export function nearestOfApart(candidates: readonly Candidate[], budgets: readonly CountedBudget[]): Candidate | undefined {
  if (budgets.length < 2) return undefined;
  const excess = ({ allocation }: Candidate): number => Math.max(...budgets.map(({ count, bytes }) => allocation.sizes[count] / bytes));
  const [nearest] = candidates.toSorted((a, b) => excess(a) - excess(b));
  return nearest === undefined || excess(nearest) <= estimateTolerance ? undefined : nearest;
}
