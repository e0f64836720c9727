import { selected } from '../../../network/selection.ts';
import type { ValueId } from '../../../network/network.ts';
import type { Pair } from '../../../network/operations.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { fromImage, imageOf, padImage, paddingOf, windowOf, type AxisPads, type Window } from './windows.ts';

/** A maximum leaves padding out: zeros do not count among values that are none below, nor copies of the edge within a window. */
function maxPool(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  if (node.outputs.filter((output) => output !== '').length > 1)
    refuse('with indices is not supported', 'replace unpooling by a transposed convolution or by resizing');
  const image = imageOf(context, value);
  const window = poolWindow(context, value, image);
  const dilated = window.dilations.some((dilation) => dilation !== 1);
  if (dilated) return dilatedMaximum(context, value, image, window);
  const same = paddingOf(imageSize(context, image), window) === 'same';
  const { size, strides } = window;
  const input = same ? image : paddedForMaximum(context, value, image, window);
  return fromImage(context, builder.pool2d(layer, input, 'max', size, { strides, padding: same ? 'same' : 'valid' }), value.shape.length);
}

function paddedForMaximum(context: NodeContext, value: ComputedValue, image: ValueId, { pads }: Window): ValueId {
  const { layout, builder, layer } = context;
  if (layout.nonNegative.has(value.id) || layout.nonNegative.has(image)) return padImage(context, image, pads);
  return pads.reduce((padded, [before, after], axis) => {
    if (before <= 0 && after <= 0) return padded;
    const length = builder.shapeOf(padded)[axis] ?? 1;
    const nearest = Array.from({ length: before + length + after }, (_, i) => Math.min(Math.max(i - before, 0), length - 1));
    return selected(builder, layer, padded, axis, nearest);
  }, image);
}

/** The maximum of one strided crop for each position of the window. */
function dilatedMaximum(context: NodeContext, value: ComputedValue, image: ValueId, window: Window): ComputedValue {
  const { builder, layer, layout } = context;
  const { size, strides, dilations, pads } = window;
  const isPadded = pads.some((pair) => pair.some((count) => count > 0));
  if (isPadded && !layout.nonNegative.has(value.id))
    refuse('with dilations and padding of values below zero is not supported', 'put the pool behind a ReLU, or pad before it');
  const padded = padImage(context, image, pads);
  const [h = 0, w = 0, c = 0] = builder.shapeOf(padded);
  const count = (length: number, axis: 0 | 1): number => Math.floor((length - (size[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1;
  const extent: Pair = [count(h, 0), count(w, 1)];
  const crops = Array.from({ length: size[0] * size[1] }, (_, i) =>
    builder.crop(layer, padded, [Math.floor(i / size[1]) * dilations[0], (i % size[1]) * dilations[1], 0], [...extent, c], [...strides, 1]),
  );
  return fromImage(
    context,
    crops.reduce((maximum, crop) => builder.binary(layer, 'max', maximum, crop)),
    value.shape.length,
  );
}

function averagePool(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const image = imageOf(context, value);
  const window = poolWindow(context, value, image);
  const { size, strides, pads } = window;
  if (window.dilations.some((dilation) => dilation !== 1))
    refuse('with dilations is not supported', 'replace it by a depthwise convolution');
  const counted = node.attributes.integer('count_include_pad', 0) !== 0;
  const shape = imageSize(context, image);
  const pooled = (input: ValueId, padding: 'same' | 'valid'): ValueId =>
    builder.pool2d(layer, input, 'average', size, { strides, padding });
  if (pads.every((pair) => pair.every((count) => count === 0))) return fromImage(context, pooled(image, 'valid'), value.shape.length);
  // SAME leaves padding out of the count, as count_include_pad = 0 does.
  if (!counted && paddingOf(shape, window) === 'same') return fromImage(context, pooled(image, 'same'), value.shape.length);
  const average = pooled(padImage(context, image, pads), 'valid');
  const explicit = explicitPads(context, value.shape.length - 2);
  const counts = ([0, 1] as const).map((axis) => windowCounts(shape[axis], axis, window, counted ? explicit[axis] : [0, 0]));
  const [rows = [], columns = []] = counts;
  const whole = size[0] * size[1];
  const factors = Float32Array.from(rows.flatMap((row) => columns.map((column) => whole / (row * column))));
  if (factors.every((factor) => factor === 1)) return fromImage(context, average, value.shape.length);
  // The average over all of the window, padding and all, times what is counted of it.
  const weights = builder.constant(layer, { shape: [rows.length, columns.length, 1], data: factors });
  return fromImage(context, builder.binary(layer, 'mul', average, weights), value.shape.length);
}

/** How many elements of an axis each window counts: those of the input and of the padding that is counted. */
function windowCounts(length: number, axis: 0 | 1, { size, strides, pads }: Window, counted: AxisPads): readonly number[] {
  const [before, after] = pads[axis];
  const output = Math.floor((length + before + after - size[axis]) / strides[axis]) + 1;
  return Array.from({ length: output }, (_, i) => {
    const start = i * strides[axis] - before;
    return Math.max(Math.min(start + size[axis], length + counted[1]) - Math.max(start, -counted[0]), 1);
  });
}

/** The padding that the file states, of height and width: windows of ceil mode hang over its end, and do not count that. */
function explicitPads({ node: { attributes } }: NodeContext, axes: number): readonly [AxisPads, AxisPads] {
  const pads = attributes.integers('pads') ?? [];
  const of = (axis: number): AxisPads => [pads[axis] ?? 0, pads[axis + axes] ?? 0];
  return axes === 2 ? [of(0), of(1)] : [[0, 0], of(0)];
}

/** With ceil mode as padding behind the last whole window. */
function poolWindow(context: NodeContext, value: ComputedValue, image: ValueId): Window {
  const size = context.node.attributes.integers('kernel_shape') ?? refuse('has no kernel_shape');
  const window = windowOf(context, size, value.shape.slice(2));
  if (!window.ceil) return window;
  const shape = imageSize(context, image);
  const extended = ([0, 1] as const).map((axis): AxisPads => {
    const [before, after] = window.pads[axis];
    const stride = window.strides[axis];
    const span = shape[axis] + before + after - (window.size[axis] - 1) * window.dilations[axis] - 1;
    let output = Math.ceil(span / stride) + 1;
    // A window that starts behind the input and its first padding is none.
    if ((output - 1) * stride >= shape[axis] + before) output--;
    return [before, after + Math.max((output - 1) * stride - span, 0)];
  });
  return { ...window, pads: [extended[0] ?? [0, 0], extended[1] ?? [0, 0]] };
}

function imageSize({ builder }: NodeContext, image: ValueId): Pair {
  const [h = 0, w = 0] = builder.shapeOf(image);
  return [h, w];
}

/** `[n, c, …] -> [n, c, 1, …]` */
const globalPool =
  (name: 'max' | 'average'): NodeConverter =>
  (context) => {
    const { builder, layer } = context;
    const value = context.input(0);
    const image = imageOf(context, value);
    const pooled = builder.globalPool(layer, image, name, true);
    return fromImage(context, pooled, value.shape.length);
  };

export const poolingOperators: Readonly<Record<string, NodeConverter>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalMaxPool: globalPool('max'),
  GlobalAveragePool: globalPool('average'),
};
