/** Pruning for latency in LiteRT: 1x1 convolutions that XNNPACK then runs with sparse kernels. */
import type { PruningOptions } from '../../../shared/recipe/pruning-options.ts';
import { formatPercent } from '../../../shared/drawing/format.ts';
import { EspalierError } from '../../errors.ts';
import type { Network } from '../../network/network.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import { findSparsePart, hasEnoughZeros, type SparseObstacle, type SparsePart } from '../../network/sparse-inference/sparse-part.ts';
import type { SelectedKernel } from '../layer-rules.ts';
import { keptCount } from './magnitude-masks.ts';

/**
 * Of the kernels that a recipe selects those that XNNPACK has sparse kernels for; others stay whole, but where a rule
 * gives a layer a sparsity of its own.
 *
 * @throws EspalierError `invalid-argument` that names the layers in the way, or a sparsity that is too low
 */
export function sparseKernels(
  network: Network,
  selected: readonly SelectedKernel<'sparsity'>[],
  options: PruningOptions,
): readonly SelectedKernel<'sparsity'>[] {
  if (options.includeDepthwise === true) {
    throw new EspalierError('invalid-argument', 'XNNPACK has no sparse kernels for depthwise convolutions', {
      where: 'pruning.includeDepthwise',
      fix: 'leave it out, or choose another structure',
    });
  }
  const deployed = prepareForDeployment(network);
  const { pointwise } = requireSparsePart(deployed);
  // Folding gives shared kernels copies of their own, so layers count too.
  const parameters = new Set(pointwise.map(({ kernel }) => kernel));
  const layers = new Set(pointwise.map(({ layer }) => layer));
  const belongs = ({ parameter, layer }: SelectedKernel<'sparsity'>): boolean => parameters.has(parameter) || layers.has(layer);
  const zeros = selected
    .filter(belongs)
    .reduce((sum, { data, settings }) => sum + data.length - keptCount(data.length, settings.sparsity), 0);
  const weights = [...parameters].reduce((sum, id) => sum + (deployed.parameters.get(id)?.data.length ?? 0), 0);
  if (!hasEnoughZeros({ zeros, weights })) {
    throw new EspalierError(
      'invalid-argument',
      `pruned like this, ${formatPercent(zeros / weights, 1)} of the weights of 1x1 convolutions are zeros, and XNNPACK takes its sparse kernels above 66.7%`,
      { where: 'structure "xnnpack"', fix: 'set "sparsity" to 0.7 or more, such as 0.8, and exclude fewer layers' },
    );
  }
  return selected.filter((kernel) => belongs(kernel) || kernel.ruled.has('sparsity'));
}

/**
 * @param network as `prepareForDeployment` gives it
 * @throws EspalierError `invalid-argument` that names the layers in the way
 */
export function requireSparsePart(network: Network): SparsePart {
  const { part, obstacles } = findSparsePart(network);
  if (part !== undefined) return part;
  throw new EspalierError('invalid-argument', `XNNPACK cannot run this network sparse: ${describeObstacles(obstacles)}`, {
    where: 'sparse inference',
    fix: 'choose another structure; networks like MobileNet fit, from a 3x3 convolution with stride 2 on 3 channels to a global average pooling',
  });
}

/** As many as a message bears. */
const mostNamed = 4;

function describeObstacles(obstacles: readonly SparseObstacle[]): string {
  const named = obstacles.slice(0, mostNamed).map(({ layer, what }) => `layer "${layer}" ${what}`);
  const more = obstacles.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more layers are in the way`] : [])].join('; ');
}
