/** From the network as it was trained to the one that is deployed, with what its weights satisfy. */
import { channelLayout } from '../constraints/channels.ts';
import { sortCodebook } from '../constraints/codebook.ts';
import {
  type ChannelUnits,
  type Codebook,
  type Constraint,
  type Constraints,
  type IntegerGrid,
  type NetworkConstraints,
} from '../constraints/constraint.ts';
import { integerLimit, scaleOfMaximum } from '../constraints/integer-grid.ts';
import { projectNetwork } from '../constraints/project.ts';
import { unreachable } from '../errors.ts';
import type { Network, Parameter } from '../network/network.ts';
import { prepareForDeployment, prepareForTraining } from '../network/passes/prepare-for-deployment.ts';
import { kernelsOf, outputChannels, quantizationGranularity } from './kernels.ts';
import type { OptimizedModel } from './technique.ts';

/** Batch norms and padding folded, activations fused; the constraints follow, and the weights satisfy them exactly. */
export function readyForDeployment(model: OptimizedModel): OptimizedModel {
  return satisfying(model, prepareForDeployment(model.network));
}

/**
 * As quantization-aware training wants it: batch norms stay where the integer grid has a scale for each channel, because
 * folding them afterwards scales the grid and leaves the integers as they are. Others are folded.
 */
export function readyForQuantizedTraining(model: OptimizedModel): OptimizedModel {
  return satisfying(
    model,
    prepareForTraining(model.network, (operation) => quantizationGranularity(operation).kind === 'channel'),
  );
}

function satisfying(model: OptimizedModel, network: Network): OptimizedModel {
  const constraints = foldConstraints(model.network, network, model.constraints);
  // Folding rounds each weight for itself; projected, equal weights are equal again.
  return { ...model, network: projectNetwork(network, constraints), constraints };
}

/**
 * The constraints of a network whose batch norms were folded: masks stay; a codebook gets the folding factor of each
 * channel as its unit, so that one codebook goes on serving the whole kernel. A codebook per channel is scaled itself, as
 * is the integer grid.
 */
export function foldConstraints(before: Network, after: Network, constraints: NetworkConstraints): NetworkConstraints {
  const folded = new Map<string, Constraints>();
  for (const { parameter, operation, data, shape } of kernelsOf(after)) {
    const source = before.parameters.get(parameter) ?? before.parameters.get(sourceOf(before, operation.layer) ?? '');
    const list = constraints.get(parameter) ?? constraints.get(sourceOf(before, operation.layer) ?? '');
    if (list === undefined || source === undefined) continue;
    const granularity = outputChannels(operation);
    const factors = channelFactors(source, data, channelLayout(shape, granularity));
    const moved = factors.some((factor) => factor !== 1);
    folded.set(parameter, moved ? list.map((constraint) => scaleConstraint(constraint, { granularity, scales: factors })) : list);
  }
  return folded;
}

/** The kernel that a layer had: folding gives shared kernels copies of their own. */
function sourceOf(network: Network, layer: string): string | undefined {
  return kernelsOf(network).find((kernel) => kernel.layer === layer)?.parameter;
}

/** What each channel was multiplied by, read off its largest weight; 1 for a channel of zeros. */
function channelFactors(before: Parameter, after: Float32Array, { channels, channelOf }: ReturnType<typeof channelLayout>): Float32Array {
  const largest = new Float32Array(channels);
  const factors = new Float32Array(channels).fill(1);
  before.data.forEach((weight, i) => {
    const channel = channelOf(i);
    if (Math.abs(weight) <= (largest[channel] ?? 0)) return;
    largest[channel] = Math.abs(weight);
    factors[channel] = (after[i] ?? 0) / weight;
  });
  return factors;
}

function scaleConstraint(constraint: Constraint, factors: ChannelUnits): Constraint {
  switch (constraint.kind) {
    case 'sparsity':
      return constraint;
    case 'codebook':
      return scaleCodebook(constraint, factors);
    case 'integerGrid':
      return scaleGrid(constraint, factors);
    default:
      return unreachable(constraint);
  }
}

/** @throws RangeError for a grid of one scale, which channels with factors of their own do not fit */
function scaleGrid(grid: IntegerGrid, { scales: factors }: ChannelUnits): IntegerGrid {
  if (grid.granularity.kind === 'tensor') throw new RangeError('a grid of one scale cannot take factors of channels');
  return { ...grid, scales: grid.scales.map((scale, c) => scaleOfMaximum(integerLimit * scale * Math.abs(factors[c] ?? 1))) };
}

function scaleCodebook(codebook: Codebook, factors: ChannelUnits): Codebook {
  const { granularity, clusters, centroids, costs, units } = codebook;
  if (granularity.kind === 'tensor') {
    const scales = factors.scales.map(
      (factor, channel) => factor * (units === undefined ? 1 : (units.scales[units.granularity.kind === 'tensor' ? 0 : channel] ?? 1)),
    );
    return { ...codebook, units: { granularity: factors.granularity, scales } };
  }
  const factorOf = (index: number): number => factors.scales[Math.floor(index / clusters)] ?? 1;
  return sortCodebook({
    ...codebook,
    centroids: centroids.map((centroid, i) => (centroid === 0 ? 0 : centroid * factorOf(i))),
    ...(costs === undefined ? {} : { costs: costs.map((cost, i) => cost * factorOf(i) ** 2) }),
  });
}
