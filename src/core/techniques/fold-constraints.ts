/** From the trained network to the one that is deployed, together with its constraints. */
import { channelLayout } from '../constraints/channels.ts';
import { projectNetwork, scaleConstraints } from '../constraints/composition.ts';
import type { Constraints, NetworkConstraints } from '../constraints/constraint.ts';
import type { Network, Parameter } from '../network/network.ts';
import { prepareForDeployment, prepareForTraining } from '../network/passes/prepare-for-deployment.ts';
import { kernelsOf, outputChannels, quantizationGranularity } from './kernels.ts';
import type { OptimizedModel } from './technique.ts';

/**
 * The model as it is deployed: batch norms and padding folded, activations fused. Constraints are scaled with their
 * kernels, and the weights satisfy them exactly.
 */
export function prepareModelForDeployment(model: OptimizedModel): OptimizedModel {
  return withNetwork(model, prepareForDeployment(model.network));
}

/**
 * The model as quantization-aware training starts from it. Batch norms stay where the integer grid has a scale for each
 * channel, because folding them later scales the grid and keeps the integers. All others are folded.
 */
export function prepareModelForTraining(model: OptimizedModel): OptimizedModel {
  return withNetwork(
    model,
    prepareForTraining(model.network, (operation) => quantizationGranularity(operation).kind === 'channel'),
  );
}

function withNetwork(model: OptimizedModel, network: Network): OptimizedModel {
  const constraints = foldConstraints(model.network, network, model.constraints);
  // Folding rounds each weight by itself; the projection makes equal weights equal again.
  return { ...model, network: projectNetwork(network, constraints), constraints };
}

/** The constraints of a network whose batch norms were folded, each scaled with the channels of its kernel. */
export function foldConstraints(before: Network, after: Network, constraints: NetworkConstraints): NetworkConstraints {
  const folded = new Map<string, Constraints>();
  for (const { parameter, operation, data, shape } of kernelsOf(after)) {
    const source = before.parameters.get(parameter) ?? before.parameters.get(sourceOf(before, operation.layer) ?? '');
    const list = constraints.get(parameter) ?? constraints.get(sourceOf(before, operation.layer) ?? '');
    if (list === undefined || source === undefined) continue;
    const granularity = outputChannels(operation);
    const factors = channelFactors(source, data, channelLayout(shape, granularity));
    const moved = factors.some((factor) => factor !== 1);
    folded.set(parameter, moved ? scaleConstraints(list, { granularity, scales: factors }) : list);
  }
  return folded;
}

/** The kernel that a layer had: folding gives shared kernels copies of their own. */
function sourceOf(network: Network, layer: string): string | undefined {
  return kernelsOf(network).find((kernel) => kernel.layer === layer)?.parameter;
}

/** The factor of each channel, from its largest weight; 1 for a channel of zeros. */
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
