import type { WeightMetrics } from '../../shared/results.ts';
import type { TfliteModel } from '../tflite/tflite-model.ts';
import { channelOf, kernelTensors, zeroPoint, type KernelTensor } from './kernel-tensors.ts';

/** Zeros and unique values of every kernel, from the numbers stored in the file. */
export function weightMetrics(model: TfliteModel): readonly WeightMetrics[] {
  return kernelTensors(model).map(kernelMetrics);
}

export function kernelMetrics(kernel: KernelTensor): WeightMetrics {
  const { values, shape, channelAxis } = kernel;
  const channels = Array.from({ length: shape[channelAxis] ?? 1 }, () => new Set<number>());
  const unique = new Set<number>();
  let zeros = 0;
  values.forEach((value, index) => {
    const channel = channelOf(shape, channelAxis, index);
    // -0 and 0 are one value in a Set.
    unique.add(value);
    channels[channel]?.add(value);
    if (value === zeroPoint(kernel, channel)) zeros++;
  });
  return {
    layer: kernel.layer,
    tensor: kernel.tensor.name,
    operation: kernel.operation,
    shape,
    elements: values.length,
    zeros,
    uniqueValues: unique.size,
    uniqueValuesPerChannel: channels.reduce((most, channel) => Math.max(most, channel.size), 0),
  };
}
