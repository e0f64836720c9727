/** Bias correction: Nagel et al. 2019, arXiv:1906.04721, section 4.2. */
import type { DataSet } from '../../data/dataset.ts';
import { spreadIndices } from '../../data/spread-indices.ts';
import type { Engine } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import type { Network, Parameter, ValueId } from '../../network/network.ts';
import type { Operation } from '../../network/operations.ts';
import { channelAxis, hasKernel, inputChannel, type KernelOperation } from '../../network/kernel-operations.ts';
import { usesOf } from '../../network/passes/rewrite.ts';
import { keptStatistics, type StatisticsStore } from '../../quantize/kept-statistics.ts';
import type { QuantizedNetwork } from '../../quantize/quantization.ts';
import { channelIndex, quantizeWeights } from '../../quantize/weight-quantization.ts';
import { compileInference } from '../../lowering/inference.ts';
import { addRows } from '../reconstruction/normal-equations.ts';

export interface MeanMeasurement {
  readonly engine: Engine;
  readonly data: DataSet;
  readonly samples: number;
  /** Where the same may have been measured before. */
  readonly statistics?: StatisticsStore | undefined;
  readonly signal: AbortSignal;
}

const batchSize = 32;
/** Of a run, which gives the inputs of all kernels: 32 images of 224 pixels would take gigabytes. */
const memoryBytes = 700e6;

/**
 * Takes the mean error of rounded kernels out of the biases. Rounding W to W' shifts the mean of a layer's outputs by
 * `(W' - W) E[x]`, so the bias becomes
 *
 *     b' = b - (W' - W) E[x]
 *
 * (equation 17), with E[x] of each input channel measured on data.
 *
 * @throws EspalierError `cancelled`
 */
export async function correctBiases(quantized: QuantizedNetwork, measurement: MeanMeasurement): Promise<QuantizedNetwork> {
  const { network } = quantized;
  const kernels = network.operations.filter(hasKernel);
  const { engine, data, samples, statistics } = measurement;
  const values = [...new Set(kernels.map(({ inputs }) => inputs[0] ?? ''))];
  const measured = { kind: 'channel means', engine, network, data, samples, settings: { values } } as const;
  const means = await keptStatistics(statistics, measured, () => channelMeans(network, values, measurement));
  const uses = usesOf(network);
  const parameters = new Map(network.parameters);
  const operations = network.operations.map((operation): Operation => {
    if (!hasKernel(operation)) return operation;
    const mean = means.get(operation.inputs[0] ?? '');
    const shift = mean === undefined ? undefined : outputShift(operation, quantized, mean);
    if (shift === undefined) return operation;
    const old = operation.bias === undefined ? undefined : network.parameters.get(operation.bias);
    // A bias that layers share is corrected for each of them.
    const id =
      operation.bias !== undefined && uses.parameterUsers(operation.bias) === 1 ? operation.bias : `${operation.name}/bias/corrected`;
    parameters.set(id, { shape: [shift.length], data: shift.map((value, c) => (old?.data[c] ?? 0) - value) });
    return { ...operation, bias: id };
  });
  return { ...quantized, network: { ...network, operations, parameters } };
}

/** By how much rounding moves the mean of each output channel. */
function outputShift(operation: KernelOperation, { network, weights }: QuantizedNetwork, mean: Float64Array): Float32Array | undefined {
  const kernel: Parameter | undefined = network.parameters.get(operation.kernel);
  const quantization = weights.get(operation.kernel);
  if (kernel === undefined || quantization === undefined) return undefined;
  const integers = quantizeWeights(kernel.data, kernel.shape, quantization);
  const scaleOf = channelIndex(kernel.shape, quantization.axis);
  const outputOf = channelIndex(kernel.shape, channelAxis(operation));
  const inputOf = inputChannel(operation, kernel.shape);
  const shift = new Float64Array(kernel.shape[channelAxis(operation)] ?? 1);
  integers.forEach((integer, i) => {
    const error = integer * (quantization.scales[scaleOf(i)] ?? 1) - (kernel.data[i] ?? 0);
    const output = outputOf(i);
    shift[output] = (shift[output] ?? 0) + error * (mean[inputOf(i)] ?? 0);
  });
  // A transposed convolution spreads its taps over strides, so that each output sees a part of them.
  const share = operation.kind === 'transposeConv2d' ? 1 / (operation.strides[0] * operation.strides[1]) : 1;
  return Float32Array.from(shift, (value) => value * share);
}

/** Mean of each channel (last axis) of each value. */
async function channelMeans(
  network: Network,
  values: readonly ValueId[],
  { engine, data, samples, signal }: MeanMeasurement,
): Promise<ReadonlyMap<ValueId, Float64Array>> {
  const count = Math.min(samples, data.size);
  const indices = spreadIndices(data.size, count);
  const sums = new Map<ValueId, Float64Array>(
    values.map((value) => [value, new Float64Array(network.values.get(value)?.shape.at(-1) ?? 1)]),
  );
  const rows = new Map<ValueId, number>();
  const inference = await compileInference(engine, network, Math.min(batchSize, count), { outputs: values, memoryBytes });
  try {
    for (let start = 0; start < count; start += inference.batchSize) {
      if (signal.aborted) throw new EspalierError('cancelled', 'bias correction was cancelled');
      const size = Math.min(inference.batchSize, count - start);
      const batch = await data.read(indices.subarray(start, start + size));
      const results = await inference.borrow(batch.inputs, size);
      values.forEach((value, index) => {
        const sum = sums.get(value);
        const result = results[index];
        if (sum === undefined || result === undefined) return;
        addRows(sum, result);
        rows.set(value, (rows.get(value) ?? 0) + result.length / sum.length);
      });
    }
  } finally {
    await inference.dispose();
  }
  return new Map([...sums].map(([value, sum]) => [value, sum.map((total) => Math.fround(total / Math.max(rows.get(value) ?? 1, 1)))]));
}
