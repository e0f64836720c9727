import type { IntegerGrid } from '../constraints/constraint.ts';
import { projectIntegerGrid } from '../constraints/integer-grid.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { hasKernel, type KernelOperation } from '../network/kernel-operations.ts';
import { usesOf } from '../network/passes/rewrite.ts';
import type { QuantizedNetwork, WeightQuantization } from './quantization.ts';

/**
 * The network with kernels and biases rounded as the file stores them, so that an engine which also rounds activations
 * computes what the file does. A bias is rounded in steps of input scale times kernel scale; a bias that several
 * operations share stays as it is, since each of them rounds it differently.
 */
export function roundedNetwork(quantized: QuantizedNetwork): Network {
  const { network, weights } = quantized;
  const uses = usesOf(network);
  const parameters = new Map(network.parameters);
  const replace = (id: ParameterId, round: (data: Float32Array, shape: readonly number[]) => Float32Array): void => {
    const parameter = network.parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { shape: parameter.shape, data: round(parameter.data, parameter.shape) });
  };
  for (const [id, quantization] of weights) {
    const grid = integerGridOf(quantization);
    replace(id, (data, shape) => projectIntegerGrid(data, shape, grid));
  }
  for (const operation of network.operations.filter(hasKernel)) {
    if (operation.bias === undefined || uses.parameterUsers(operation.bias) > 1) continue;
    const steps = biasSteps(operation, quantized);
    if (steps !== undefined) replace(operation.bias, (data) => data.map((value, i) => Math.round(value / steps(i)) * steps(i)));
  }
  return { ...network, parameters };
}

/** The grid that the integers of a kernel lie on, as a constraint. */
export function integerGridOf({ scales, axis, bits }: WeightQuantization): IntegerGrid {
  return { kind: 'integerGrid', granularity: axis === undefined ? { kind: 'tensor' } : { kind: 'channel', axis }, scales, bits };
}

function biasSteps(operation: KernelOperation, { activations, weights }: QuantizedNetwork): ((channel: number) => number) | undefined {
  const input = activations.get(operation.inputs[0] ?? '');
  const scales = weights.get(operation.kernel)?.scales;
  if (input === undefined || scales === undefined) return undefined;
  return (channel) => Math.fround(input.scale * (scales[scales.length === 1 ? 0 : channel] ?? 1));
}
