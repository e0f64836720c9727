import type { Network, Parameter, ParameterId, Shape, Value } from '../../network/network.ts';
import type { Operation } from '../../network/operations.ts';
import { inferShapes } from '../../network/shapes/infer-shapes.ts';
import type { ChannelGroups } from './channel-groups.ts';

/**
 * The network without these groups of channels: filters, biases and batch norms shrink where they are computed, kernels
 * where they are read. It computes what the network would if these channels were zero.
 */
export function removeChannels(network: Network, groups: ChannelGroups, removed: ReadonlySet<number>): Network {
  const kept = (value: string | undefined): readonly number[] =>
    groups.groupsOf(value ?? '').flatMap((group, i) => (removed.has(group) ? [] : [i]));
  const parameters = new Map(network.parameters);
  const shrink = (id: ParameterId | undefined, keep: readonly AxisSelection[]): void => {
    // From the network's own, so that a parameter shared by two layers shrinks once.
    const parameter = id === undefined ? undefined : network.parameters.get(id);
    if (id !== undefined && parameter !== undefined) parameters.set(id, selectAlong(parameter, keep));
  };
  for (const operation of network.operations) {
    for (const [id, keep] of selections(operation, kept(operation.inputs[0]), kept(operation.output), network)) shrink(id, keep);
  }
  const values = new Map(
    [...network.values].map(([id, { shape }]): [string, Value] => [
      id,
      { shape: shape.length === 0 ? shape : [...shape.slice(0, -1), kept(id).length] },
    ]),
  );
  const operations = network.operations.map((operation) => adjusted(operation, kept(operation.output).length));
  return inferShapes({ ...network, values, parameters, operations });
}

/** The indices to keep along one axis. */
interface AxisSelection {
  readonly axis: number;
  readonly indices: readonly number[];
}

function selections(
  operation: Operation,
  inputs: readonly number[],
  outputs: readonly number[],
  network: Network,
): readonly (readonly [ParameterId | undefined, readonly AxisSelection[]])[] {
  const alongChannels = [{ axis: 0, indices: outputs }];
  switch (operation.kind) {
    case 'conv2d':
    case 'transposeConv2d':
      if (operation.kind === 'conv2d' && operation.groups > 1) return [];
      return [
        [
          operation.kernel,
          [
            { axis: 0, indices: outputs },
            { axis: 3, indices: inputs },
          ],
        ],
        [operation.bias, alongChannels],
      ];
    case 'dense':
      return [
        [
          operation.kernel,
          [
            { axis: 0, indices: outputs },
            { axis: 1, indices: inputs },
          ],
        ],
        [operation.bias, alongChannels],
      ];
    case 'depthwiseConv2d':
      return [
        [operation.kernel, [{ axis: 3, indices: outputs }]],
        [operation.bias, alongChannels],
      ];
    case 'batchNorm':
      return [operation.gamma, operation.beta, operation.mean, operation.variance].map((id) => [id, alongChannels] as const);
    case 'rescale':
      return [operation.scale, operation.offset].map(
        (id) => [id, network.parameters.get(id)?.data.length === 1 ? [] : alongChannels] as const,
      );
    case 'prelu':
      return [[operation.alpha, [{ axis: (network.parameters.get(operation.alpha)?.shape.length ?? 1) - 1, indices: outputs }]]];
    // All others have no parameters by channel, or channels that stay.
    default:
      return [];
  }
}

/** A crop of all channels says how many there are. */
function adjusted(operation: Operation, channels: number): Operation {
  return operation.kind === 'crop' ? { ...operation, size: [...operation.size.slice(0, -1), channels] } : operation;
}

function selectAlong(parameter: Parameter, keep: readonly AxisSelection[]): Parameter {
  return keep.reduce<Parameter>(({ shape, data }, { axis, indices }) => {
    const length = shape[axis] ?? 1;
    const inner = size(shape.slice(axis + 1));
    const outer = size(shape.slice(0, axis));
    const selected = new Float32Array(outer * indices.length * inner);
    for (let o = 0; o < outer; o++) {
      indices.forEach((index, i) => {
        const begin = (o * length + index) * inner;
        selected.set(data.subarray(begin, begin + inner), (o * indices.length + i) * inner);
      });
    }
    return { shape: shape.map((old, a) => (a === axis ? indices.length : old)), data: selected };
  }, parameter);
}

function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
