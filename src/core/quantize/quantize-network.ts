import type { Constraints, NetworkConstraints } from '../constraints/constraint.ts';
import { EspalierError } from '../errors.ts';
import type { Network, Parameter, ParameterId, ValueId } from '../network/network.ts';
import { channelAxis, hasKernel, type KernelOperation } from '../network/kernel-operations.ts';
import { groupQuantization, planActivations, type ActivationGroup } from './plan-activations.ts';
import type { ActivationType, QuantizedNetwork, Range, TensorQuantization, WeightQuantization } from './quantization.ts';
import { rangeQuantization } from './range-quantization.ts';
import { channelIndex, weightScales } from './weight-quantization.ts';

export interface NetworkQuantization {
  /** As `prepareForDeployment` gave it. */
  readonly network: Network;
  /** By the ids of the activation plan's groups. */
  readonly ranges: ReadonlyMap<ValueId, Range>;
  /** An `integerGrid` constraint gives the scales of its kernel, so that trained integers survive as they are. */
  readonly constraints?: NetworkConstraints;
  /** Of values that have no type of their own; default: int8. */
  readonly activationType?: ActivationType;
  /**
   * Default: false, because some microcontroller runtimes and NPUs refuse fully connected layers that are quantized per
   * channel.
   */
  readonly perChannelDense?: boolean;
}

/**
 * Chooses scale and zero point of every value and the scales of every kernel: per channel for convolutions, per
 * tensor for dense and transposed convolutions, symmetric in [-127, 127].
 *
 * @throws EspalierError `invalid-argument` when a range is missing; `invalid-model` when a kernel is not finite.
 */
export function quantizeNetwork(quantization: NetworkQuantization): QuantizedNetwork {
  const { network, ranges, constraints, activationType = 'int8', perChannelDense = false } = quantization;
  const plan = planActivations(network);
  const activations = new Map<ValueId, TensorQuantization>();
  for (const group of plan.groups) {
    const parameters =
      groupQuantization(group, activationType) ?? rangeQuantization(groupRange(group, network, ranges), group.type ?? activationType);
    for (const value of group.values) activations.set(value, parameters);
  }
  const weights = new Map<ParameterId, WeightQuantization>();
  for (const operation of network.operations.filter(hasKernel)) {
    const kernel = requiredParameter(network, operation.kernel);
    if (!kernel.data.every(Number.isFinite)) {
      throw new EspalierError('invalid-model', `kernel "${operation.kernel}" has values that are not finite`, {
        where: `layer "${operation.layer}"`,
        fix: 'train again with a lower learning rate',
      });
    }
    const scales =
      gridScales(constraints?.get(operation.kernel), operation) ??
      weights.get(operation.kernel) ??
      weightScales(kernel.data, kernel.shape, defaultAxis(operation, perChannelDense));
    weights.set(operation.kernel, roomForBias(operation, scales, network, activations, constraints?.get(operation.kernel)));
  }
  return { network, activations, activationType, weights };
}

export function requiredParameter(network: Network, id: ParameterId): Parameter {
  const parameter = network.parameters.get(id);
  if (parameter === undefined) throw new EspalierError('invalid-model', `parameter "${id}" is missing`);
  return parameter;
}

function defaultAxis(operation: KernelOperation, perChannelDense: boolean): number | undefined {
  switch (operation.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
      return channelAxis(operation);
    case 'dense':
      return perChannelDense ? channelAxis(operation) : undefined;
    case 'transposeConv2d':
      return undefined;
  }
}

function groupRange(group: ActivationGroup, network: Network, ranges: ReadonlyMap<ValueId, Range>): Range {
  const range = ranges.get(group.id) ?? group.values.map((value) => ranges.get(value)).find((known) => known !== undefined);
  if (range === undefined) {
    throw new EspalierError('invalid-argument', 'no range was calibrated for it', {
      where: `value "${group.id}"`,
      fix: 'calibrate the network that is quantized',
    });
  }
  if (!Number.isFinite(range.minimum) || !Number.isFinite(range.maximum)) {
    throw new EspalierError('invalid-argument', `its range is [${range.minimum}, ${range.maximum}]`, {
      where: `value "${group.id}"`,
      fix: 'check the weights and the range of the input data',
    });
  }
  // The rows of an embedding are stored with its output's parameters, so the range must cover rows never seen.
  const tables = network.operations.flatMap((operation) =>
    operation.kind === 'embedding' && group.sources.includes(operation.output) ? [requiredParameter(network, operation.table).data] : [],
  );
  return tables.reduce(
    (covered, table) =>
      table.reduce((all, weight) => ({ minimum: Math.min(all.minimum, weight), maximum: Math.max(all.maximum, weight) }), covered),
    range,
  );
}

function gridScales(constraints: Constraints | undefined, operation: KernelOperation): WeightQuantization | undefined {
  const grid = constraints?.find((constraint) => constraint.kind === 'integerGrid');
  if (grid?.kind !== 'integerGrid') return undefined;
  if (grid.granularity.kind === 'tensor') return { scales: grid.scales, axis: undefined, bits: grid.bits };
  if (grid.granularity.axis !== channelAxis(operation)) {
    throw new EspalierError('invalid-argument', `its integer grid runs along axis ${grid.granularity.axis}`, {
      where: `layer "${operation.layer}"`,
      fix: `scales of a ${operation.kind} kernel run along axis ${channelAxis(operation)}`,
    });
  }
  return { scales: grid.scales, axis: grid.granularity.axis, bits: grid.bits };
}

/**
 * Raises the scale of a channel whose weights are so small that its bias, in units of input scale times weight scale,
 * would not fit in int32. Grids that were trained stay as they are; there the writer clamps the bias.
 */
function roomForBias(
  operation: KernelOperation,
  weights: WeightQuantization,
  network: Network,
  activations: ReadonlyMap<ValueId, TensorQuantization>,
  constraints: Constraints | undefined,
): WeightQuantization {
  const input = activations.get(operation.inputs[0] ?? '');
  if (operation.bias === undefined || input === undefined || constraints?.some((constraint) => constraint.kind === 'integerGrid') === true)
    return weights;
  const bias = requiredParameter(network, operation.bias);
  const scales = Float32Array.from(weights.scales);
  const channelOf = weights.axis === undefined ? () => 0 : channelIndex(bias.shape, 0);
  bias.data.forEach((value, i) => {
    const channel = channelOf(i);
    scales[channel] = Math.max(scales[channel] ?? 0, Math.abs(value) / (input.scale * 2 ** 30));
  });
  return { scales, axis: weights.axis };
}
