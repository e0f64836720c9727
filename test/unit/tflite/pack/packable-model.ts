import { createRandom, type Random } from '../../../../src/core/random.ts';
import type { Quantization, TfliteModel, TfliteOperator, TfliteTensor } from '../../../../src/core/tflite/tflite-model.ts';

export interface KernelValues {
  /** Values that the weights of all kernels take, at most. */
  readonly values: number;
  /** Part of the weights that is zero. */
  readonly sparsity: number;
}

/** A fully integer network of a convolution, a depthwise convolution and a dense layer, with kernels of such values. */
export function packableModel({ values, sparsity }: KernelValues, seed = 1): TfliteModel {
  const random = createRandom(seed);
  const levels = Array.from({ length: values }, (_, i) => (i === 0 ? 0 : random.integer(255) - 127));
  const perChannel = (channels: number, axis: number): Quantization => ({
    scales: Array.from({ length: channels }, () => Math.fround(0.001 + 0.01 * random.next())),
    zeroPoints: Array.from({ length: channels }, () => 0),
    axis,
  });
  const first = perChannel(32, 0);
  const second = perChannel(32, 3);
  const kernel = (name: string, shape: readonly number[], quantization: Quantization): TfliteTensor =>
    tensor({ name, shape, quantization, data: weights(shape, levels, sparsity, random) });
  const bias = (name: string, input: number, { scales }: Quantization, channels = scales.length): TfliteTensor =>
    tensor({
      name,
      shape: [channels],
      type: 'int32',
      quantization: { scales: scales.map((scale) => Math.fround(input * scale)), zeroPoints: scales.map(() => 0), axis: 0 },
      data: new Uint8Array(Int32Array.from({ length: channels }, () => random.integer(1000) - 500).buffer),
    });
  const dense: Quantization = { scales: [0.0078125], zeroPoints: [0], axis: 0 };
  return {
    description: 'made by a test',
    metadata: [{ name: 'min_runtime_version', data: new TextEncoder().encode('2.3.0') }],
    signatures: [
      { key: 'serving_default', subgraph: 0, inputs: [{ name: 'pixels', tensor: 0 }], outputs: [{ name: 'scores', tensor: 11 }] },
    ],
    subgraphs: [
      {
        name: 'main',
        inputs: [0],
        outputs: [11],
        tensors: [
          tensor({ name: 'pixels', shape: [1, 8, 8, 16], quantization: activation(0.5, -128) }),
          kernel('convolution/kernel', [32, 3, 3, 16], first),
          bias('convolution/bias', 0.5, first),
          tensor({ name: 'convolution', shape: [1, 8, 8, 32], quantization: activation(0.25, 3) }),
          kernel('depthwise/kernel', [1, 5, 5, 32], second),
          bias('depthwise/bias', 0.25, second),
          tensor({ name: 'depthwise', shape: [1, 8, 8, 32], quantization: activation(0.125, -5) }),
          tensor({ name: 'flatten/shape', shape: [2], type: 'int32', data: new Uint8Array(Int32Array.of(1, 2048).buffer) }),
          tensor({ name: 'flatten', shape: [1, 2048], quantization: activation(0.125, -5) }),
          kernel('dense/kernel', [10, 2048], dense),
          bias('dense/bias', 0.125, dense, 10),
          tensor({ name: 'scores', shape: [1, 10], quantization: activation(0.5, 0) }),
        ],
        operators: [
          operator('CONV_2D', 3, [0, 1, 2], 3, { padding: 'same', strideWidth: 1, strideHeight: 1, activation: 'none', ...undilated }),
          operator('DEPTHWISE_CONV_2D', 3, [3, 4, 5], 6, {
            padding: 'same',
            strideWidth: 1,
            strideHeight: 1,
            depthMultiplier: 1,
            activation: 'relu',
            ...undilated,
          }),
          operator('RESHAPE', 1, [6, 7], 8, { newShape: [1, 2048] }),
          operator('FULLY_CONNECTED', 4, [8, 9, 10], 11, {
            activation: 'none',
            weightsFormat: 'default',
            keepDimensions: false,
            asymmetricQuantizeInputs: false,
          }),
        ],
      },
    ],
  };
}

const undilated = { dilationWidth: 1, dilationHeight: 1 };

function activation(scale: number, zeroPoint: number): Quantization {
  return { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
}

function weights(shape: readonly number[], levels: readonly number[], sparsity: number, random: Random): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return new Uint8Array(
    Int8Array.from({ length: count }, () => (random.next() < sparsity ? 0 : (levels[random.integer(levels.length)] ?? 0))).buffer,
  );
}

function operator(
  name: string,
  version: number,
  inputs: readonly number[],
  output: number,
  options: TfliteOperator['options'],
): TfliteOperator {
  return { name, isCustom: false, version, inputs, outputs: [output], options, customOptions: undefined };
}

function tensor(given: Pick<TfliteTensor, 'name' | 'shape'> & Partial<TfliteTensor>): TfliteTensor {
  return {
    type: 'int8',
    shapeSignature: undefined,
    quantization: undefined,
    sparsity: undefined,
    isVariable: false,
    data: undefined,
    ...given,
  };
}
