import type { Network, Parameter, ParameterId, Value, ValueId } from '../network.ts';
import type { Conv2d, DepthwiseConv2d, GlobalPool, Operation, Pad, Reshape } from '../operations.ts';
import { dropUnused, usesOf } from '../passes/rewrite.ts';
import { paddingBefore, type SparsePart } from './sparse-part.ts';

/** A network in the form of XNNPACK's sparse inference. It computes the same function. */
export interface SparseLayout {
  readonly network: Network;
  /** `to` is `from` turned by 180 degrees in height and width; no operation of the network computes it. */
  readonly turn: { readonly from: ValueId; readonly to: ValueId } | undefined;
}

/**
 * Padding of strided convolutions becomes an operation before them, `(k - 1) / 2` on every side: XNNPACK fuses that one,
 * and takes no SAME padding there. The mean that ends the part keeps height and width, and a reshape follows, so that
 * the layers after it stay out of the part. Where windows start late (`SparsePart.turned`), kernels are turned
 * by 180 degrees, and so must be the image that the part reads.
 */
export function layOutSparsePart(network: Network, part: SparsePart): SparseLayout {
  const uses = usesOf(network);
  const inside = new Set(part.operations);
  const values = new Map(network.values);
  const parameters = new Map(network.parameters);
  const from = (paddingBefore(uses, part.head) ?? part.head).inputs[0] ?? '';
  const turn = part.turned ? { from, to: `${from}/turned` } : undefined;
  if (part.turned) turnKernels(part, parameters);

  const operations = network.operations.flatMap((operation): readonly Operation[] => {
    if (!inside.has(operation)) return [operation];
    switch (operation.kind) {
      case 'pad':
        return [];
      case 'conv2d':
      case 'depthwiseConv2d': {
        const [read = ''] = (paddingBefore(uses, operation) ?? operation).inputs;
        const input = operation === part.head && turn !== undefined ? turn.to : read;
        if (operation.strides[0] === 1) return [{ ...operation, inputs: [input], padding: 'same' }];
        const padded = padAround(operation, input, network, values);
        return [padded, { ...operation, inputs: [padded.output], padding: 'valid' }];
      }
      case 'globalPool':
        return part.tails.has(operation) ? endPart(operation, values) : [operation];
      default:
        return [operation];
    }
  });
  return { network: dropUnused({ ...network, operations, values, parameters }), turn };
}

function padAround(operation: Conv2d | DepthwiseConv2d, input: ValueId, network: Network, values: Map<ValueId, Value>): Pad {
  const read = network.operations.find((other): other is Pad => other.kind === 'pad' && other.output === operation.inputs[0]);
  const [height = 0, width = 0, channels = 0] = values.get((read ?? operation).inputs[0] ?? '')?.shape ?? [];
  const margin = ((network.parameters.get(operation.kernel)?.shape[1] ?? 1) - 1) / 2;
  const output = `${operation.output}/padded`;
  values.set(output, { shape: [height + 2 * margin, width + 2 * margin, channels] });
  const { layer } = operation;
  const paddings = [
    [margin, margin],
    [margin, margin],
    [0, 0],
  ] as const;
  return { kind: 'pad', name: `${operation.name}/padded`, layer, inputs: [input], output, paddings, value: 0 };
}

function endPart(operation: GlobalPool, values: Map<ValueId, Value>): readonly Operation[] {
  const { name, layer, output } = operation;
  const channels = values.get(output)?.shape.at(-1) ?? 0;
  const reshape = (suffix: string, from: ValueId, to: ValueId): Reshape => ({
    kind: 'reshape',
    name: `${name}/${suffix}`,
    layer,
    inputs: [from],
    output: to,
  });
  const pooled = `${output}/pooled`;
  values.set(pooled, { shape: [1, 1, channels] });
  const mean: GlobalPool = { ...operation, name: `${name}/pooled`, output: pooled, keepDimensions: true };
  if (!operation.keepDimensions) return [mean, reshape('flat', pooled, output)];
  // A reshape to the same shape does not separate: XNNPACK takes it away.
  const flat = `${output}/flat`;
  values.set(flat, { shape: [channels] });
  return [mean, reshape('flat', pooled, flat), reshape('image', flat, output)];
}

/** Turns the windows of a part's kernels by 180 degrees; `[out, kh, kw, in]` and `[1, kh, kw, channels]` alike. */
function turnKernels({ operations }: SparsePart, parameters: Map<ParameterId, Parameter>): void {
  const kernels = operations.flatMap((operation) =>
    operation.kind === 'conv2d' || operation.kind === 'depthwiseConv2d' ? [operation.kernel] : [],
  );
  for (const id of new Set(kernels)) {
    const parameter = parameters.get(id);
    if (parameter === undefined) continue;
    const { shape, data } = parameter;
    const turned = turnedIndex(shape);
    parameters.set(id, { shape, data: data.map((_, i) => data[turned(i)] ?? 0) });
  }
}

/** For an index of a row-major tensor `[a, h, w, c]`, the index of the same element once height and width are reversed. */
export function turnedIndex(shape: readonly number[]): (index: number) => number {
  const [, height = 1, width = 1, channels = 1] = shape;
  const places = height * width;
  return (index) => {
    const channel = index % channels;
    const place = Math.floor(index / channels) % places;
    return index - channel + (places - 1 - 2 * place) * channels + channel;
  };
}
