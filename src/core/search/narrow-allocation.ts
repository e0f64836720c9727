import type { SensitivityReport } from '../../shared/sensitivity.ts';
import { type Allocation, allocateLayers, type AllocationRequest } from './allocate-layers.ts';
import { narrowedChoices, type NarrowLayers } from './narrow-layers.ts';

/** Fewer filters removed from a layer are not worth it: their zeros can lie anywhere. */
const leastPart = 0.1;

/**
 * The same budget with filters removed, more of them in layers that keep fewer weights; undefined where none are, or
 * nothing fits.
 */
export function narrowAllocation(
  { choices }: Allocation,
  report: Pick<SensitivityReport, 'layers' | 'overhead'>,
  narrow: NarrowLayers,
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
