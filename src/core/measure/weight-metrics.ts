import type { WeightMetrics } from '../../shared/results.ts';
import type { TfliteModel } from '../tflite/tflite-model.ts';
import { isDecoder } from '../tflite/pack/unpack-model.ts';
import { gzipSize } from './file-sizes.ts';
import { kernelTensors, zeroPoint, type KernelTensor } from './kernel-tensors.ts';

/** Zeros, unique values and bytes of every kernel, from the numbers stored in the file. */
export function weightMetrics(model: TfliteModel): readonly WeightMetrics[] {
  return kernelTensors(model).map((kernel) => {
    const { data } = kernel.tensor;
    return { ...kernelMetrics(kernel), rawBytes: data?.length, gzipBytes: data && gzipSize(data) };
  });
}

/**
 * With the bytes that each kernel takes in the file packed for TFLite Micro: its codes and its tables, which the operators
 * that decode it read.
 */
export function withPackedBytes(weights: readonly WeightMetrics[], packed: TfliteModel): readonly WeightMetrics[] {
  const bytes = new Map<string, number>();
  for (const { tensors, operators } of packed.subgraphs)
    for (const operator of operators.filter(isDecoder))
      for (const [index, output] of operator.outputs.entries()) {
        const read = operator.inputs.slice(2 * index, 2 * index + 2);
        const name = tensors[output]?.name;
        if (name !== undefined)
          bytes.set(
            name,
            read.reduce((sum, input) => sum + (tensors[input]?.data?.length ?? 0), 0),
          );
      }
  return weights.map((kernel) => ({ ...kernel, packedBytes: bytes.get(kernel.tensor) }));
}

/** Zeros and unique values of a kernel, without its bytes. */
export function kernelMetrics(kernel: KernelTensor): WeightMetrics {
  const { values, shape, channelAxis } = kernel;
  const channels = shape[channelAxis] ?? 1;
  const inner = shape.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  const byChannel = new Float64Array(values.length);
  const perChannel = values.length / Math.max(channels, 1);
  const filled = new Uint32Array(channels);
  let zeros = 0;
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    const value = values[i] ?? 0;
    const place = filled[channel] ?? 0;
    byChannel[channel * perChannel + place] = value;
    filled[channel] = place + 1;
    if (value === zeroPoint(kernel, channel)) zeros++;
  }
  let uniqueValuesPerChannel = 0;
  for (let channel = 0; channel < channels; channel++)
    uniqueValuesPerChannel = Math.max(
      uniqueValuesPerChannel,
      sortAndCount(byChannel.subarray(channel * perChannel, (channel + 1) * perChannel)),
    );
  return {
    layer: kernel.layer,
    tensor: kernel.tensor.name,
    operation: kernel.operation,
    activations: kernel.activations === 'int16' ? 'int16' : undefined,
    shape,
    elements: values.length,
    zeros,
    uniqueValues: sortAndCount(byChannel),
    uniqueValuesPerChannel,
  };
}

/** How many different values there are; sorting is an order of magnitude faster than a Set of millions of floats. -0 is 0. */
function sortAndCount(values: Float64Array): number {
  values.sort();
  let count = values.length === 0 ? 0 : 1;
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? 0;
    const before = values[i - 1] ?? 0;
    if (value !== before && !(Number.isNaN(value) && Number.isNaN(before))) count++;
  }
  return count;
}
