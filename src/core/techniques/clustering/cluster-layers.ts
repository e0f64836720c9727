import { channelLayout } from '../../constraints/channels.ts';
import { assignCentroids, projectCodebook, unitLookup } from '../../constraints/codebook.ts';
import { type Codebook, findConstraint, type NetworkConstraints, withConstraint } from '../../constraints/constraint.ts';
import type { Network } from '../../network/network.ts';
import type { Kernel } from '../kernels.ts';
import { maskedLeastSquares } from '../reconstruction/masked-least-squares.ts';
import type { NormalEquations } from '../reconstruction/normal-equations.ts';
import { reconstructLayers } from '../reconstruction/reconstruct-layers.ts';
import type { OptimizedModel, TechniqueContext } from '../technique.ts';
import { errorFeedback, type Rounding } from '../reconstruction/error-feedback.ts';
import { fitCentroids } from './fit-centroids.ts';

/**
 * Longer filters, of large dense layers, are clustered by their weights alone: the time of factoring grows with the cube
 * of the length.
 */
const longestFilter = 2304;

export interface ClusteredNetwork {
  /** Weights that were clustered without equations need not lie on their centroids yet. */
  readonly network: Network;
  readonly constraints: NetworkConstraints;
}

/** The codebook of a kernel for these weights of it. */
export type ChooseCodebook<K extends Kernel> = (kernel: K, weights: Float32Array) => Codebook;

/** A codebook for each kernel by its weights alone. */
export function clusterKernels<K extends Kernel>(
  { network, constraints }: OptimizedModel,
  kernels: readonly K[],
  choose: ChooseCodebook<K>,
): ClusteredNetwork {
  const clustered = new Map(constraints);
  for (const kernel of kernels)
    clustered.set(kernel.parameter, withConstraint(clustered.get(kernel.parameter) ?? [], choose(kernel, kernel.data)));
  return { network, constraints: clustered };
}

/**
 * A codebook for each kernel by what its layer computes, one layer after the other: weights are fitted to make up for the
 * layers before, centroids chosen for them, weights assigned so that each makes up for the errors of those before it,
 * centroids fitted to that, and weights assigned again. Masks stay in force. Layers without equations, see
 * `reconstructLayers`, are clustered by their weights.
 *
 * @throws EspalierError `cancelled`
 */
export async function clusterLayers<K extends Kernel>(
  { network, constraints }: OptimizedModel,
  kernels: readonly K[],
  choose: ChooseCodebook<K>,
  context: TechniqueContext,
): Promise<ClusteredNetwork> {
  const byParameter = new Map(kernels.map((kernel) => [kernel.parameter, kernel]));
  const parameters = new Map(network.parameters);
  const clustered = new Map(constraints);
  await reconstructLayers(
    network,
    network,
    {
      kernels: new Set(byParameter.keys()),
      longestFilter,
      fit: async (id, _, equations) => {
        const kernel = byParameter.get(id);
        if (kernel === undefined) return undefined;
        const mask = findConstraint(clustered.get(id) ?? [], 'sparsity')?.mask;
        const fitted = equations === undefined ? undefined : await clusterLayer(kernel, equations, mask, choose, context);
        const { codebook, weights } = fitted ?? { codebook: choose(kernel, kernel.data), weights: kernel.data };
        clustered.set(id, withConstraint(clustered.get(id) ?? [], codebook));
        parameters.set(id, { shape: kernel.shape, data: weights });
        return projectCodebook(weights, kernel.shape, codebook);
      },
    },
    context,
  );
  return { network: { ...network, parameters }, constraints: clustered };
}

interface ClusteredKernel {
  readonly codebook: Codebook;
  readonly weights: Float32Array;
}

async function clusterLayer<K extends Kernel>(
  kernel: K,
  equations: NormalEquations,
  mask: Uint8Array | undefined,
  choose: ChooseCodebook<K>,
  { engine, signal }: TechniqueContext,
): Promise<ClusteredKernel | undefined> {
  const { shape, data } = kernel;
  const all = mask ?? new Uint8Array(data.length).fill(1);
  const weights = await maskedLeastSquares({ engine, weights: data, mask: all, equations, signal });
  if (!weights.every(Number.isFinite)) return undefined;
  const rounded = await errorFeedback({ weights, gram: equations.gram, mask: all, signal });
  if (rounded === undefined) return undefined;
  const chosen = choose(kernel, weights);
  const members = assignCentroids(rounded(toCentroids(chosen, shape)), shape, chosen);
  const codebook = fitCentroids(chosen, members, shape, equations);
  return { codebook, weights: rounded(toCentroids(codebook, shape)) };
}

/**
 * Rounds a weight w to the centroid k that minimizes `precision * (w - c_k)^2 + cost_k`. A weight that counts much in
 * the outputs takes the nearest centroid, one that counts little a centroid with a short code. With a precision of 1 on
 * average, a bit costs the same squared error of the outputs everywhere.
 *
 * @param shape of the kernel
 */
export function toCentroids({ centroids, clusters, costs, granularity, units }: Codebook, shape: readonly number[]): Rounding {
  const { channelOf } = channelLayout(shape, granularity);
  const unitAt = unitLookup(units, shape);
  return (weight, index, precision) => {
    const unit = unitAt(index);
    const inUnits = unit === 0 ? 0 : weight / unit;
    const begin = channelOf(index) * clusters;
    let best = begin;
    let least = Infinity;
    for (let i = begin; i < begin + clusters; i++) {
      const cost = precision * (inUnits - (centroids[i] ?? 0)) ** 2 + (costs?.[i] ?? 0);
      if (cost >= least) continue;
      least = cost;
      best = i;
    }
    return (centroids[best] ?? 0) * unit;
  };
}
