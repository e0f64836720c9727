/** The same budget with whole filters removed, of which single weights need fewer zeros or bits. */
import type { SensitivityReport } from '../../shared/sensitivity.ts';
import { type Allocation, allocateLayers, type AllocationRequest } from './allocate-layers.ts';
import { narrowedChoices, type NarrowLayers } from './narrow-layers.ts';

type Report = Pick<SensitivityReport, 'layers' | 'overhead'>;

/** Fewer filters removed from a layer are not worth it: their zeros can lie anywhere. */
const leastPart = 0.1;

/**
 * The allocation with filters removed: of layers that keep fewer weights more. Of the plain file, which zeros do not shorten, the same
 * part of all layers, where that is expected to lose less than 4 bits alone. Undefined where none can be removed, or nothing fits.
 *
 * @param whole of all filters
 */
export function narrowAllocation(
  { choices, divergence }: Allocation,
  report: Report,
  narrow: NarrowLayers,
  request: AllocationRequest,
  narrowing: number,
): Allocation | undefined {
  if (isPlain(request)) {
    const found = [...narrowAlike(report, narrow, request)].filter((each) => each.divergence < divergence);
    return found.toSorted((a, b) => a.divergence - b.divergence)[0];
  }
  const parts = new Map(
    choices
      .map(({ layer, choice }) => [layer, rounded(1 - (1 - choice.sparsity) ** narrowing)] as const)
      .filter(([, part]) => part >= leastPart),
  );
  return withoutFilters(parts, report, narrow, request, false);
}

/**
 * Allocations with the same part of the filters removed of all layers that may be pruned, the widest first, each when it is asked
 * for; in plain files layers that are still too large have 4 bits.
 */
export function* narrowAlike(report: Report, narrow: NarrowLayers, request: AllocationRequest): Generator<Allocation> {
  const prunable = report.layers.filter(({ choices }) => choices.some(({ sparsity }) => sparsity > 0));
  for (const part of alikeParts) {
    const parts = new Map(prunable.map(({ layer }) => [layer, part] as const));
    const found = withoutFilters(parts, report, narrow, request, isPlain(request));
    if (found !== undefined) yield found;
  }
}

function isPlain({ sizes }: AllocationRequest): boolean {
  return sizes.some(({ count }) => count === 'raw');
}

const alikeParts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];

/** @param fourBits whether narrowed layers may have 4-bit weights */
function withoutFilters(
  parts: ReadonlyMap<string, number>,
  report: Report,
  narrow: NarrowLayers,
  request: AllocationRequest,
  fourBits: boolean,
): Allocation | undefined {
  const layers = narrow(parts);
  // The last layer, for one, keeps its filters whatever part is given.
  const lost = new Set(
    report.layers.filter(({ layer, shape }) => (layers.get(layer)?.filters ?? Infinity) < (shape[0] ?? 0)).map(({ layer }) => layer),
  );
  if (lost.size === 0) return undefined;
  const found = allocateLayers(narrowedChoices(report, layers, fourBits), request);
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
