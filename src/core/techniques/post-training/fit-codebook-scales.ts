import { assignCentroids } from '../../constraints/codebook.ts';
import { type Codebook, findConstraint, type IntegerGrid, type NetworkConstraints, withConstraint } from '../../constraints/constraint.ts';
import { weightLimit } from '../../constraints/integer-grid.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import type { Network } from '../../network/network.ts';
import { kernelsOf } from '../kernels.ts';

/** Scales that are tried: those with the largest centroid at half of the range to all of it. */
const candidates = 254;

/**
 * Scales of integer grids that represent centroids with the least error. The rounding error of a centroid is the same for
 * each of its n_k weights, so it does not average out over a filter. A codebook has few values, so the largest one need
 * not be 127: of the scales S with the largest centroid at 127, 126.75, … 63.75 (of 4 bits at 7 to 3.5) the one is taken that minimizes
 *
 *     sum over centroids of n_k (c_k - S round(c_k / S))^2
 */
export function fitCodebookScales(network: Network, constraints: NetworkConstraints): NetworkConstraints {
  const fitted = new Map(constraints);
  for (const { parameter, data, shape } of kernelsOf(network)) {
    const list = constraints.get(parameter) ?? [];
    const codebook = findConstraint(list, 'codebook');
    const grid = findConstraint(list, 'integerGrid');
    if (codebook === undefined || grid === undefined || codebook.integers === true) continue;
    const scales = fittedScales(codebook, grid, memberCounts(codebook, data, shape));
    if (scales !== undefined) fitted.set(parameter, withConstraint(list, { ...grid, scales }));
  }
  return fitted;
}

/** Undefined where one scale must serve codebooks of many channels: its integers are too many to choose for. */
function fittedScales(codebook: Codebook, grid: IntegerGrid, counts: Uint32Array): Float32Array | undefined {
  const { centroids, clusters, granularity } = codebook;
  if (granularity.kind === 'tensor') {
    const oneScale = grid.granularity.kind === 'tensor';
    if (oneScale && codebook.units?.granularity.kind === 'channel') return undefined;
    const factor = scaleFactor(centroids, counts, weightLimit(grid.bits));
    return grid.scales.map((scale) => scale * factor);
  }
  if (grid.granularity.kind === 'tensor' || grid.scales.length * clusters !== centroids.length) return undefined;
  return grid.scales.map((scale, channel) => {
    const [begin, end] = [channel * clusters, (channel + 1) * clusters];
    return scale * scaleFactor(centroids.subarray(begin, end), counts.subarray(begin, end), weightLimit(grid.bits));
  });
}

function memberCounts(codebook: Codebook, weights: Float32Array, shape: readonly number[]): Uint32Array {
  const counts = new Uint32Array(codebook.centroids.length);
  for (const index of assignCentroids(weights, shape, codebook)) counts[index] = (counts[index] ?? 0) + 1;
  return counts;
}

/**
 * The factor by which the grid is wider than `largest / limit`, in [1, 2).
 *
 * @param limit the largest integer of the grid
 */
export function scaleFactor(centroids: Float32Array, counts: Uint32Array, limit = weightLimit()): number {
  const largest = centroids.reduce((most, centroid) => Math.max(most, Math.abs(centroid)), 0);
  if (largest === 0) return 1;
  let best = { factor: 1, error: Number.POSITIVE_INFINITY };
  for (let candidate = 0; candidate < candidates; candidate++) {
    const integer = limit - (candidate * limit) / (2 * candidates);
    const scale = largest / integer;
    const error = centroids.reduce(
      (sum, centroid, i) => sum + (counts[i] ?? 0) * (centroid - scale * roundHalfToEven(centroid / scale)) ** 2,
      0,
    );
    if (error < best.error) best = { factor: limit / integer, error };
  }
  return best.factor;
}
