/** Windows over one or two axes: what convolutions and pools share. One axis is an image of height 1. */
import type { ValueId } from '../../../network/network.ts';
import type { Padding, Pair } from '../../../network/operations.ts';
import { windowExtent } from '../../../network/shapes/window.ts';
import type { NodeContext } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';

/** `[before, after]` of one axis; negative ones cut off. */
export type AxisPads = readonly [number, number];

export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Of height and width. */
  readonly pads: readonly [AxisPads, AxisPads];
  /** Whether a last window that hangs over the end counts. */
  readonly ceil: boolean;
}

/** The input as an image `[h, w, c]`; a sequence `[n, c, l]` as `[1, l, c]`. */
export function imageOf(context: NodeContext, value: ComputedValue): ValueId {
  const { builder, layout, layer } = context;
  const rank = value.shape.length;
  if (rank !== 3 && rank !== 4)
    refuse(`of a value with ${rank} axes [${value.shape.join(', ')}] is not supported: sequences [n, c, l] and images [n, c, h, w] are`);
  const stored = layout.channelsLast(value, layer);
  return rank === 4 ? stored : layout.storedAs(stored, [1, ...builder.shapeOf(stored)], layer);
}

/** The result as the operator gives it: of a sequence, a sequence. */
export function fromImage(context: NodeContext, id: ValueId, rank: number): ComputedValue {
  const { builder, layout, layer } = context;
  return layout.fromChannelsLast(rank === 4 ? id : layout.storedAs(id, builder.shapeOf(id).slice(1), layer));
}

/** @param spatial lengths of the axes that the window slides over, as ONNX counts them: one or two */
export function windowOf(context: NodeContext, size: readonly number[], spatial: readonly number[]): Window {
  const { attributes } = context.node;
  const list = (name: string): readonly number[] => {
    const found = attributes.integers(name) ?? spatial.map(() => 1);
    if (found.length !== spatial.length || !found.every((value) => value > 0))
      refuse(`with ${name} [${found.join(', ')}] for ${spatial.length} axes is not possible`);
    return found;
  };
  const [strides, dilations] = [list('strides'), list('dilations')];
  if (size.length !== spatial.length) refuse(`with a window [${size.join(', ')}] for ${spatial.length} axes is not possible`);
  const ceil = attributes.integer('ceil_mode', 0) !== 0;
  const pads = spatial.map((length, axis) =>
    axisPads(context, axis, spatial.length, length, size[axis] ?? 1, strides[axis] ?? 1, dilations[axis] ?? 1),
  );
  return {
    size: pair(size, 1),
    strides: pair(strides, 1),
    dilations: pair(dilations, 1),
    pads: [pads.length === 2 ? (pads[0] ?? none) : none, pads.at(-1) ?? none],
    ceil,
  };
}

const none: AxisPads = [0, 0];

function pair(values: readonly number[], missing: number): Pair {
  return [values.length === 2 ? (values[0] ?? missing) : missing, values.at(-1) ?? missing];
}

function axisPads(
  { node: { attributes } }: NodeContext,
  axis: number,
  axes: number,
  length: number,
  size: number,
  stride: number,
  dilation: number,
): AxisPads {
  const automatic = attributes.text('auto_pad', 'NOTSET');
  switch (automatic) {
    case 'NOTSET':
    case '': {
      const pads = attributes.integers('pads') ?? [];
      return [pads[axis] ?? 0, pads[axis + axes] ?? 0];
    }
    case 'VALID':
      return none;
    case 'SAME_UPPER':
    case 'SAME_LOWER': {
      const { before, after } = windowExtent(length, size, stride, dilation, 'same');
      return automatic === 'SAME_UPPER' ? [before, after] : [after, before];
    }
    default:
      return refuse(`with auto_pad "${automatic}" is not supported`);
  }
}

/** How TFLite pads: SAME where it comes to the same, else VALID over a value that is padded or cut before. */
export function paddingOf(shape: Pair, { size, strides, dilations, pads }: Window): Padding {
  const same = ([0, 1] as const).every((axis) => {
    const { before, after, output } = windowExtent(shape[axis], size[axis], strides[axis], dilations[axis], 'same');
    const [given, behind] = pads[axis];
    const effective = (size[axis] - 1) * dilations[axis] + 1;
    const fits = Math.floor((shape[axis] + given + behind - effective) / strides[axis]) + 1;
    // What is padded behind the last window makes no difference.
    return given === before && behind >= after && fits === output;
  });
  return same ? 'same' : 'valid';
}

/** Zeros around height and width; negative pads cut off. */
export function padImage(context: NodeContext, image: ValueId, [rows, columns]: readonly [AxisPads, AxisPads]): ValueId {
  const { builder, layer } = context;
  let padded = image;
  const cut = [rows, columns].some((pads) => pads.some((count) => count < 0));
  if (cut) {
    const [h = 0, w = 0, c = 0] = builder.shapeOf(padded);
    const begin = [Math.max(-rows[0], 0), Math.max(-columns[0], 0), 0];
    padded = builder.crop(layer, padded, begin, [
      h - (begin[0] ?? 0) - Math.max(-rows[1], 0),
      w - (begin[1] ?? 0) - Math.max(-columns[1], 0),
      c,
    ]);
  }
  const around = [rows, columns].map(([before, after]): AxisPads => [Math.max(before, 0), Math.max(after, 0)]);
  if (around.every(([before, after]) => before === 0 && after === 0)) return padded;
  return builder.pad(layer, padded, [...around, none]);
}
