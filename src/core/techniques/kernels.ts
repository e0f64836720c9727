import type { Network, ParameterId, Shape } from '../network/network.ts';
import { channelAxis, hasKernel, type KernelOperation } from '../network/kernel-operations.ts';
import type { Granularity } from '../constraints/constraint.ts';

/** A kernel of the network, by the first operation that uses it. */
export interface Kernel {
  readonly parameter: ParameterId;
  readonly layer: string;
  readonly operation: KernelOperation;
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Every kernel once, in the order of the network. */
export function kernelsOf(network: Network): readonly Kernel[] {
  const kernels = new Map<ParameterId, Kernel>();
  for (const operation of network.operations.filter(hasKernel)) {
    const parameter = network.parameters.get(operation.kernel);
    if (parameter === undefined || kernels.has(operation.kernel)) continue;
    kernels.set(operation.kernel, { parameter: operation.kernel, layer: operation.layer, operation, ...parameter });
  }
  return [...kernels.values()];
}

/** How int8 runtimes want the scales of a kernel: per channel for convolutions, per tensor for the rest. */
export function quantizationGranularity(operation: KernelOperation): Granularity {
  return operation.kind === 'conv2d' || operation.kind === 'depthwiseConv2d' ? outputChannels(operation) : { kind: 'tensor' };
}

export function outputChannels(operation: KernelOperation): Granularity {
  return { kind: 'channel', axis: channelAxis(operation) };
}
