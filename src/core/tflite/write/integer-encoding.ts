import type { WeightBits } from '../../../shared/recipe/layer-rule.ts';
import { EspalierError } from '../../errors.ts';
import type { ValueId } from '../../network/network.ts';
import type { KernelOperation } from '../../network/kernel-operations.ts';
import type { ActivationType, QuantizedNetwork, TensorQuantization, WeightQuantization } from '../../quantize/quantization.ts';
import { activationCodes, rangeQuantization } from '../../quantize/range-quantization.ts';
import { requiredParameter } from '../../quantize/quantize-network.ts';
import { quantizeWeights } from '../../quantize/weight-quantization.ts';
import type { TensorType } from '../schema/tensor-types.ts';
import type { Encoding } from './encoding.ts';
import { bytesOf, type GraphBuilder, type TensorEncoding } from './graph-builder.ts';

/** Integer activations (int8, or int16 with int8 weights, or both in one file), int8 weights, int32 or int64 biases. */
export function integerEncoding(graph: GraphBuilder, quantized: QuantizedNetwork): Encoding {
  const { network, activations, activationType, weights } = quantized;
  const written = new Map<string, number>();
  const quantizationOf = (id: ValueId): TensorQuantization => {
    const quantization = activations.get(id);
    if (quantization === undefined)
      throw new EspalierError('invalid-argument', 'it has no quantization', {
        where: `value "${id}"`,
        fix: 'quantize the network that is written',
      });
    return quantization;
  };
  const inner = ({ scale, zeroPoint, type }: TensorQuantization): TensorEncoding => ({
    type,
    quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
  });
  const kernelQuantization = (operation: KernelOperation): WeightQuantization => {
    const quantization = weights.get(operation.kernel);
    if (quantization === undefined)
      throw new EspalierError('invalid-argument', `kernel "${operation.kernel}" has no quantization`, {
        where: `layer "${operation.layer}"`,
      });
    return quantization;
  };
  const biasTensor = (name: string, data: Float32Array, scales: readonly number[], type: ActivationType): number => {
    const integers = Array.from(data, (value, i) => Math.round(value / (scales[scales.length === 1 ? 0 : i] ?? 1)));
    const quantization = { scales, zeroPoints: scales.map(() => 0), axis: 0 };
    return type === 'int8'
      ? graph.tensor({ name, shape: [data.length], type: 'int32', quantization, data: bytesOf(Int32Array.from(integers, clampInt32)) })
      : graph.tensor({
          name,
          shape: [data.length],
          type: 'int64',
          quantization,
          data: bytesOf(BigInt64Array.from(integers, (value) => BigInt(clampInt40(value)))),
        });
  };

  return {
    activationType: (id) => activations.get(id)?.type ?? activationType,
    value: (id) => (activations.has(id) ? inner(quantizationOf(id)) : { type: 'int32', quantization: undefined }),
    inner,
    kernel(operation) {
      const known = written.get(operation.kernel);
      if (known !== undefined) return known;
      const { shape, data } = requiredParameter(network, operation.kernel);
      const quantization = kernelQuantization(operation);
      const scales = Array.from(quantization.scales);
      const tensor = graph.tensor({
        name: operation.kernel,
        shape,
        type: kernelStorage[quantization.bits ?? 8].type,
        quantization: { scales, zeroPoints: scales.map(() => 0), axis: quantization.axis ?? 0 },
        data: kernelStorage[quantization.bits ?? 8].pack(quantizeWeights(data, shape, quantization)),
      });
      written.set(operation.kernel, tensor);
      return tensor;
    },
    // In units of input scale times weight scale, so a bias that two operations share may differ in its integers.
    bias(operation, channels) {
      const data = operation.bias === undefined ? new Float32Array(channels) : requiredParameter(network, operation.bias).data;
      const input = quantizationOf(operation.inputs[0] ?? '');
      const scales = Array.from(kernelQuantization(operation).scales, (scale) => Math.fround(input.scale * scale));
      return biasTensor(operation.bias ?? `${operation.name}/bias`, data, scales, input.type);
    },
    constant(id, shape, data, like) {
      const quantization =
        like === undefined
          ? rangeQuantization(
              data.reduce((range, value) => ({ minimum: Math.min(range.minimum, value), maximum: Math.max(range.maximum, value) }), {
                minimum: 0,
                maximum: 0,
              }),
              activationType,
            )
          : quantizationOf(like);
      const { low, high } = activationCodes[quantization.type];
      const integers = Array.from(data, (value) =>
        Math.min(high, Math.max(low, Math.round(value / quantization.scale) + quantization.zeroPoint)),
      );
      return graph.tensor({
        name: id,
        shape,
        ...inner(quantization),
        data: bytesOf(quantization.type === 'int8' ? Int8Array.from(integers) : Int16Array.from(integers)),
      });
    },
    // Each channel has one weight, and 127 times |weight| / 127 is that weight: nothing is lost to rounding.
    channelScale(operation, input, scale, offset) {
      const { scale: inputScale, type } = quantizationOf(input);
      const scales = Array.from(scale, (value, i) =>
        Math.fround(Math.max(Math.abs(value) / 127, Math.abs(offset[i] ?? 0) / (inputScale * 2 ** 30), 1e-12)),
      );
      const quantization: WeightQuantization = { scales: Float32Array.from(scales), axis: 3 };
      const shape = [1, 1, 1, scale.length];
      const kernel = graph.tensor({
        name: `${operation.name}/scale`,
        shape,
        type: 'int8',
        quantization: { scales, zeroPoints: scales.map(() => 0), axis: 3 },
        data: bytesOf(quantizeWeights(scale, shape, quantization)),
      });
      return {
        kernel,
        bias: biasTensor(
          `${operation.name}/offset`,
          offset,
          scales.map((value) => Math.fround(value * inputScale)),
          type,
        ),
      };
    },
  };
}

function clampInt32(value: number): number {
  return Math.min(2147483647, Math.max(-2147483648, value));
}

/** Kernels with int16 activations accumulate in 40 bits on small devices. */
function clampInt40(value: number): number {
  return Math.min(2 ** 39 - 1, Math.max(-(2 ** 39), value));
}

/** How integers of each width are stored; the compiler asks for a row of a new width. */
const kernelStorage: Readonly<Record<WeightBits, { readonly type: TensorType; readonly pack: (integers: Int8Array) => Uint8Array }>> = {
  // Two a byte, the first in the low half.
  4: {
    type: 'int4',
    pack: (integers) =>
      Uint8Array.from(
        { length: Math.ceil(integers.length / 2) },
        (_, i) => ((integers[2 * i] ?? 0) & 15) | (((integers[2 * i + 1] ?? 0) & 15) << 4),
      ),
  },
  8: { type: 'int8', pack: bytesOf },
};
