import type { Network, ValueId } from '../../../src/core/network/network.ts';
import { hasKernel } from '../../../src/core/network/kernel-operations.ts';
import { planActivations } from '../../../src/core/quantize/plan-activations.ts';
import type { ActivationType, QuantizedNetwork, Range, TensorQuantization } from '../../../src/core/quantize/quantization.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { coveredRange } from '../../../src/core/quantize/range-quantization.ts';
import { channelIndex, quantizeWeights } from '../../../src/core/quantize/weight-quantization.ts';
import { executeNetwork, referenceOutputs } from '../network/reference-executor.ts';

/** Quantizes with the ranges that the reference executor sees on these inputs. */
export function quantizeByReference(
  network: Network,
  examples: readonly (readonly Float32Array[])[],
  activationType: ActivationType = 'int8',
): QuantizedNetwork {
  const seen = examples.map((inputs) => executeNetwork(network, inputs));
  const ranges = new Map<ValueId, Range>(
    planActivations(network)
      .groups.filter((group) => group.fixed === undefined)
      .map((group) => {
        const values = seen.flatMap((result) => group.sources.flatMap((source) => Array.from(result.get(source) ?? [])));
        return [group.id, { minimum: Math.min(0, ...values), maximum: Math.max(0, ...values) }];
      }),
  );
  return quantizeNetwork({ network, ranges, activationType });
}

export function onGrid(values: ArrayLike<number>, quantization: TensorQuantization): Float32Array {
  const { minimum, maximum } = coveredRange(quantization);
  return Float32Array.from(
    values,
    (value) => Math.round(Math.min(maximum, Math.max(minimum, value)) / quantization.scale) * quantization.scale,
  );
}

/** What real arithmetic gives on quantized inputs and kernels, cut to the range of the output: an integer kernel may differ by a step. */
export function quantizedOutput({ network, weights, activations }: QuantizedNetwork, inputs: readonly Float32Array[]): Float32Array {
  const parameters = new Map(network.parameters);
  for (const operation of network.operations.filter(hasKernel)) {
    const kernel = network.parameters.get(operation.kernel);
    const quantization = weights.get(operation.kernel);
    if (kernel === undefined || quantization === undefined) continue;
    const channelOf = channelIndex(kernel.shape, quantization.axis);
    const data = Float32Array.from(
      quantizeWeights(kernel.data, kernel.shape, quantization),
      (integer, i) => integer * (quantization.scales[channelOf(i)] ?? 1),
    );
    parameters.set(operation.kernel, { shape: kernel.shape, data });
  }
  const rounded = inputs.map((input, i) => {
    const quantization = activations.get(network.inputs[i] ?? '');
    return quantization === undefined ? input : onGrid(input, quantization);
  });
  const [output = []] = referenceOutputs({ ...network, parameters }, rounded);
  const quantization = activations.get(network.outputs[0] ?? '');
  if (quantization === undefined) throw new Error('the output is not quantized');
  const { minimum, maximum } = coveredRange(quantization);
  return Float32Array.from(output, (value) => Math.min(maximum, Math.max(minimum, value)));
}
