import type { Network, ParameterId, Shape } from '../../network/network.ts';
import { parametersOf } from '../../network/operation-parameters.ts';
import type { SparsePart } from '../../network/sparse-inference/sparse-part.ts';
import { channelAxis, type KernelOperation } from '../../network/kernel-operations.ts';
import { requiredParameter } from '../../quantize/quantize-network.ts';
import { quantizeWeights, weightScales } from '../../quantize/weight-quantization.ts';
import { encodeFloat16 } from '../../float16.ts';
import { compressRows } from '../sparsity.ts';
import type { Encoding } from './encoding.ts';
import { bytesOf, float32, type GraphBuilder } from './graph-builder.ts';

/** How a float file stores its weights. */
export type WeightStorage = 'float32' | 'float16' | 'dynamicRange';

/** Smaller weights stay float in dynamic-range files: they save nothing and cost accuracy. */
const smallestQuantizedWeight = 1024;

/**
 * Float activations, with weights as float32, as float16 behind DEQUANTIZE, or as int8 for the dynamic-range kernels. In
 * a sparse part all weights are float32, and those of its 1x1 convolutions are stored sparse behind DENSIFY, which
 * XNNPACK takes as the sign to look for sparse kernels.
 */
export function floatEncoding(graph: GraphBuilder, network: Network, storage: WeightStorage, sparse?: SparsePart): Encoding {
  const sparseKernels = new Set(sparse?.pointwise.map(({ kernel }) => kernel));
  const wholeParameters = new Set(sparse?.operations.flatMap(parametersOf));
  const written = new Map<string, number>();
  const once = (id: string, write: () => number): number => {
    const tensor = written.get(id) ?? write();
    written.set(id, tensor);
    return tensor;
  };
  const dequantized = (name: string, shape: Shape, stored: number): number => {
    const tensor = graph.tensor({ name: `${name}/dequantized`, shape, ...float32 });
    graph.operator('DEQUANTIZE', [stored], tensor);
    return tensor;
  };
  const floats = (name: string, shape: Shape, data: Float32Array): number => {
    if (storage !== 'float16' || wholeParameters.has(name))
      return graph.tensor({ name, shape, ...float32, data: bytesOf(Float32Array.from(data)) });
    const stored = graph.tensor({
      name,
      shape,
      type: 'float16',
      quantization: undefined,
      data: bytesOf(Uint16Array.from(data, encodeFloat16)),
    });
    return dequantized(name, shape, stored);
  };
  const integers = (name: string, shape: Shape, data: Float32Array, axis: number | undefined): number => {
    const quantization = weightScales(data, shape, axis);
    const scales = Array.from(quantization.scales);
    return graph.tensor({
      name,
      shape,
      type: 'int8',
      quantization: { scales, zeroPoints: scales.map(() => 0), axis: axis ?? 0 },
      data: bytesOf(quantizeWeights(data, shape, quantization)),
    });
  };
  const densified = (name: string, shape: Shape, data: Float32Array): number => {
    const { sparsity, values } = compressRows(data, shape);
    const stored = graph.tensor({ name, shape, ...float32, sparsity, data: bytesOf(values) });
    const tensor = graph.tensor({ name: `${name}/dense`, shape, ...float32 });
    graph.operator('DENSIFY', [stored], tensor);
    return tensor;
  };
  const isQuantized = (data: Float32Array): boolean => storage === 'dynamicRange' && data.length >= smallestQuantizedWeight;
  const constant = (id: ParameterId, shape: Shape, data: Float32Array): number =>
    once(id, () => (isQuantized(data) ? dequantized(id, shape, integers(id, shape, data, undefined)) : floats(id, shape, data)));

  return {
    activationType: () => undefined,
    value: () => float32,
    inner: () => float32,
    constant,
    kernel(operation: KernelOperation) {
      const { shape, data } = requiredParameter(network, operation.kernel);
      if (sparseKernels.has(operation.kernel)) return once(operation.kernel, () => densified(operation.kernel, shape, data));
      // The transposed convolution has no dynamic-range kernel everywhere, so its weights are widened before it.
      if (operation.kind === 'transposeConv2d' || !isQuantized(data)) return constant(operation.kernel, shape, data);
      return once(operation.kernel, () =>
        integers(operation.kernel, shape, data, operation.kind === 'dense' ? undefined : channelAxis(operation)),
      );
    },
    bias(operation, channels) {
      const id = operation.bias ?? `${operation.name}/bias`;
      const data = operation.bias === undefined ? new Float32Array(channels) : requiredParameter(network, operation.bias).data;
      return once(id, () => floats(id, [channels], data));
    },
    channelScale(operation, _input, scale, offset) {
      return {
        kernel: floats(`${operation.name}/scale`, [1, 1, 1, scale.length], scale),
        bias: floats(`${operation.name}/offset`, [offset.length], offset),
      };
    },
  };
}
