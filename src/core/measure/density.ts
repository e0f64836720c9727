import type { DensityPlot } from '../../shared/results.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import type { Network } from '../network/network.ts';
import type { TfliteModel } from '../tflite/tflite-model.ts';
import { kernelTensors, zeroPoint } from './kernel-tensors.ts';

const floatBins = 256;

/** Histograms of every kernel: integers one bin each from -128 to 127, real weights in 256 bins around zero. */
export function kernelDensities(model: TfliteModel | Network): readonly DensityPlot[] {
  if ('subgraphs' in model) {
    return kernelTensors(model).map((kernel) =>
      kernel.tensor.type === 'int8' || kernel.tensor.type === 'int4'
        ? integerDensity(kernel.layer, kernel.values, zeroPoint(kernel, 0))
        : floatDensity(kernel.layer, kernel.values),
    );
  }
  const seen = new Set<string>();
  return model.operations.flatMap((operation) => {
    if (!hasKernel(operation) || seen.has(operation.kernel)) return [];
    seen.add(operation.kernel);
    const parameter = model.parameters.get(operation.kernel);
    return parameter === undefined ? [] : [floatDensity(operation.layer, parameter.data)];
  });
}

function integerDensity(layer: string, values: Float32Array | Float64Array, zero: number): DensityPlot {
  const counts = Array.from({ length: 256 }, () => 0);
  for (const value of values) {
    const bin = value + 128;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  // Edges lie half a step outside, so that bins are centred on the integers.
  return { layer, axis: 'integer', minimum: -128.5, maximum: 127.5, counts, zeros: counts[zero + 128] ?? 0, elements: values.length };
}

function floatDensity(layer: string, values: Float32Array | Float64Array): DensityPlot {
  let largest = 0;
  let zeros = 0;
  for (const value of values) {
    if (Math.abs(value) > largest) largest = Math.abs(value);
    if (value === 0) zeros++;
  }
  const limit = largest > 0 && Number.isFinite(largest) ? largest : 1;
  const counts = Array.from({ length: floatBins }, () => 0);
  for (const value of values) {
    const bin = Math.min(floatBins - 1, Math.max(0, Math.floor(((value + limit) / (2 * limit)) * floatBins)));
    if (Number.isFinite(bin)) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { layer, axis: 'weight', minimum: -limit, maximum: limit, counts, zeros, elements: values.length };
}
