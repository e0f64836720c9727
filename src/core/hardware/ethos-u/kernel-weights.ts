import { storedValues } from '../../tflite/tensor-values.ts';
import type { TfliteTensor } from '../../tflite/tflite-model.ts';
import type { WeightVolume } from './npu-operation.ts';

/** A kernel of the file `[outputs, height, width, inputs]`, without its zero points. */
export function convolutionWeights(kernel: TfliteTensor): WeightVolume {
  const values = centeredValues(kernel);
  const [outputs = 1, height = 1, width = 1, inputs = 1] = kernel.shape;
  return { outputs, height, width, inputs, at: (output, y, x, input) => values[((output * height + y) * width + x) * inputs + input] ?? 0 };
}

/** The same turned around, as a transposed convolution applies it. */
export function turnedWeights(kernel: TfliteTensor): WeightVolume {
  const volume = convolutionWeights(kernel);
  return { ...volume, at: (output, y, x, input) => volume.at(output, volume.height - 1 - y, volume.width - 1 - x, input) };
}

/** `[1, height, width, channels]` */
export function depthwiseWeights(kernel: TfliteTensor): WeightVolume {
  const values = centeredValues(kernel);
  const [, height = 1, width = 1, outputs = 1] = kernel.shape;
  return { outputs, height, width, inputs: 1, at: (output, y, x) => values[(y * width + x) * outputs + output] ?? 0 };
}

/** `[outputs, inputs]` */
export function denseWeights(kernel: TfliteTensor): WeightVolume {
  const values = centeredValues(kernel);
  const [outputs = 1, inputs = 1] = kernel.shape;
  return { outputs, height: 1, width: 1, inputs, at: (output, _y, _x, input) => values[output * inputs + input] ?? 0 };
}

/** A kernel that the compiler makes: all ones. */
export function oneWeights(outputs: number, height: number, width: number): WeightVolume {
  return { outputs, height, width, inputs: 1, at: () => 1 };
}

function centeredValues(kernel: TfliteTensor): Float64Array {
  const zeroPoint = kernel.quantization?.zeroPoints[0] ?? 0;
  const values = storedValues(kernel);
  return zeroPoint === 0 ? values : values.map((value) => value - zeroPoint);
}
