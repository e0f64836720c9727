/** Resize in all its versions, and elements moved between channels and positions. */
import { selected } from '../../../network/selection.ts';
import type { ValueId } from '../../../network/network.ts';
import type { Pair, Resize, ResizeCoordinates } from '../../../network/operations.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { fromImage, imageOf } from './windows.ts';

const otherwise = 'resize nearest or bilinear (interpolate with mode "nearest" or "bilinear")';

function resize(context: NodeContext): ComputedValue {
  const { builder, layer, node, opset } = context;
  const value = context.input(0);
  const rank = value.shape.length;
  const image = imageOf(context, value);
  const [h = 0, w = 0] = builder.shapeOf(image);
  const size = outputSize(context, value, [h, w]);
  const mode = node.attributes.text('mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'bilinear') refuse(`in mode "${mode}" is not supported`, otherwise);
  if (node.attributes.integer('antialias', 0) !== 0) refuse('with antialias is not supported', otherwise);
  const interpolation: Resize['interpolation'] = mode === 'nearest' ? 'nearest' : 'bilinear';
  const coordinates =
    node.op === 'Upsample' || opset < 11
      ? 'asymmetric'
      : coordinatesOf(node.attributes.text('coordinate_transformation_mode', 'half_pixel'), size);
  const factors = scaleFactors(context, value, [h, w], size);
  if (interpolation === 'bilinear' && !factors.every((factor, axis) => isRatio(factor, [h, w][axis], size[axis])))
    return fromImage(context, bilinearByFactors(context, image, { size, factors, coordinates }), rank);
  const resized = interpolation === 'nearest' ? nearest(context, coordinates, [h, w], size, factors) : coordinates;
  return fromImage(context, builder.resize(layer, image, size, interpolation, resized), rank);
}

/**
 * Bilinear by factors that are not those of the sizes, as `interpolate` with a scale factor has them (1.5 makes 13 rows of 9):
 * the edge is repeated up to a length that the factor makes whole, and what is too much is cut off behind.
 */
function bilinearByFactors(
  { builder, layer }: NodeContext,
  image: ValueId,
  { size, factors, coordinates }: { readonly size: Pair; readonly factors: Pair; readonly coordinates: ResizeCoordinates },
): ValueId {
  const [h = 1, w = 1, c = 1] = builder.shapeOf(image);
  // Readers differ in which length the corners are those of: the one that the factor gives, or the whole one.
  if (coordinates === 'alignCorners')
    refuse(
      `with aligned corners and factors other than those of the sizes (${factors.join('x')} from ${h}x${w}) is not supported`,
      'give sizes, or set recompute_scale_factor',
    );
  const lengths = factors.map((factor, axis) => wholeLength(factor, [h, w][axis] ?? 1, size[axis] ?? 1));
  const extended = lengths.reduce((value, { from }, axis) => {
    const length = [h, w][axis] ?? 1;
    const repeated = Array.from({ length: from }, (_, i) => Math.min(i, length - 1));
    return from === length ? value : selected(builder, layer, value, axis, repeated);
  }, image);
  const resized = builder.resize(layer, extended, [lengths[0]?.to ?? 1, lengths[1]?.to ?? 1], 'bilinear', coordinates);
  return builder.crop(layer, resized, [0, 0, 0], [...size, c], [1, 1, 1]);
}

/** The shortest length from `length` on that `factor` makes whole, and what it makes of it. */
function wholeLength(factor: number, length: number, size: number): { readonly from: number; readonly to: number } {
  if (isRatio(factor, length, size)) return { from: length, to: size };
  for (let from = length; from <= 2 * length + 64; from++) {
    const to = Math.round(from * factor);
    if (to >= size && Math.abs(from * factor - to) < 1e-5 * to) return { from, to };
  }
  return refuse(
    `with the factor ${factor} from ${length} to ${size} is not supported: no length near it becomes whole`,
    'give sizes, or set recompute_scale_factor',
  );
}

function coordinatesOf(mode: string, size: Pair): ResizeCoordinates {
  switch (mode) {
    case 'half_pixel':
      return 'halfPixel';
    case 'pytorch_half_pixel':
      // It differs where an axis becomes a single element.
      return size.includes(1) ? refuse(`with "${mode}" to a single row or column is not supported`, otherwise) : 'halfPixel';
    case 'asymmetric':
      return 'asymmetric';
    case 'align_corners':
      return 'alignCorners';
    default:
      return refuse(`with coordinates "${mode}" is not supported`, otherwise);
  }
}

/** Nearest takes an element as a rounding mode says; only those that TFLite has, or that come to the same, are possible. */
function nearest(
  { node, opset }: NodeContext,
  coordinates: ResizeCoordinates,
  [h, w]: Pair,
  [height, width]: Pair,
  factors: Pair,
): ResizeCoordinates {
  const rounding = opset < 11 || node.op === 'Upsample' ? 'floor' : node.attributes.text('nearest_mode', 'round_prefer_floor');
  const found = (
    [
      ['asymmetric', (i: number, n: number, m: number) => Math.floor((i * n) / m)],
      ['halfPixel', (i: number, n: number, m: number) => Math.floor(((i + 0.5) * n) / m)],
      ['alignCorners', (i: number, n: number, m: number) => (m === 1 ? 0 : Math.round((i * (n - 1)) / (m - 1)))],
    ] as const
  ).find(([, source]) =>
    (
      [
        [h, height, factors[0]],
        [w, width, factors[1]],
      ] as const
    ).every(([n, m, factor]) =>
      Array.from({ length: m }, (_, i) => i).every(
        (i) => Math.min(source(i, n, m), n - 1) === nearestSource(i, n, m, factor, coordinates, rounding),
      ),
    ),
  );
  return found?.[0] ?? refuse(`nearest with "${rounding}" from ${h}x${w} to ${height}x${width} is not supported`, otherwise);
}

function nearestSource(i: number, n: number, m: number, factor: number, coordinates: ResizeCoordinates, rounding: string): number {
  const x =
    coordinates === 'halfPixel'
      ? (i + 0.5) / factor - 0.5
      : coordinates === 'asymmetric'
        ? i / factor
        : m === 1
          ? 0
          : (i * (n - 1)) / (m - 1);
  const rounded: Readonly<Record<string, number>> = {
    floor: Math.floor(x),
    ceil: Math.ceil(x),
    round_prefer_floor: Math.ceil(x - 0.5),
    round_prefer_ceil: Math.floor(x + 0.5),
  };
  return Math.min(Math.max(rounded[rounding] ?? refuse(`with rounding "${rounding}" is not supported`, otherwise), 0), n - 1);
}

/** How much height and width grow, as the coordinates are computed with: the `scales` themselves where the file gives them. */
function scaleFactors(context: NodeContext, value: ComputedValue, image: Pair, size: Pair): Pair {
  const scales = scalesOf(context);
  if (scales.length === 0) return [size[0] / image[0], size[1] / image[1]];
  const rank = value.shape.length;
  const axes = resizedAxes(context, rank);
  const of = (axis: number): number => (axes.includes(axis) ? (scales[axes.indexOf(axis)] ?? 1) : 1);
  return rank === 4 ? [of(2), of(3)] : [1, of(2)];
}

function isRatio(factor: number, from = 1, to = 1): boolean {
  return Math.abs(from * factor - to) < 1e-4 * to;
}

/** Empty where sizes are given instead. */
function scalesOf(context: NodeContext): ArrayLike<number> {
  const position = context.node.op === 'Upsample' || context.opset < 11 ? 1 : 2;
  return context.constant(position, 'scales')?.data ?? context.node.attributes.floats('scales') ?? [];
}

function resizedAxes({ node }: NodeContext, rank: number): readonly number[] {
  return (
    node.attributes.integers('axes')?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? Array.from({ length: rank }, (_, axis) => axis)
  );
}

/** Of height and width: `sizes`, or the input's times `scales`; batch and channels stay. */
function outputSize(context: NodeContext, value: ComputedValue, image: Pair): Pair {
  const { node, opset } = context;
  const rank = value.shape.length;
  const scales = scalesOf(context);
  const sizes = node.op === 'Upsample' || opset < 11 ? [] : (context.constant(3, 'sizes')?.data ?? []);
  const axes = resizedAxes(context, rank);
  const lengths = value.shape.map((length, axis) => {
    const position = axes.indexOf(axis);
    if (position < 0) return length;
    const size = sizes[position];
    return size ?? Math.floor(length * (scales[position] ?? 1) + 1e-6);
  });
  if (lengths[0] !== value.shape[0] || lengths[1] !== value.shape[1]) refuse('of the batch or the channels is not supported');
  if (node.attributes.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    refuse('that keeps the aspect ratio is not supported', 'give both sizes');
  return rank === 4 ? [lengths[2] ?? 0, lengths[3] ?? 0] : [image[0], lengths[2] ?? 0];
}

/** Blocks of channels become positions. CRD counts channels first, TFLite blocks first: the channels change places before. */
function depthToSpace(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const value = context.input(0);
  const block = node.attributes.integer('blocksize', 0);
  const stored = layout.channelsLast(value, layer);
  const [h = 0, w = 0, channels = 0] = builder.shapeOf(stored);
  if (value.shape.length !== 4 || block < 1 || channels % (block * block) !== 0)
    refuse(`of [${value.shape.join(', ')}] in blocks of ${block} is not possible`);
  let blocks = stored;
  if (node.attributes.text('mode', 'DCR') === 'CRD') {
    const outputs = channels / (block * block);
    const apart = layout.storedAs(stored, [h, w, outputs, block * block], layer);
    blocks = layout.storedAs(builder.permute(layer, apart, [0, 1, 3, 2]), [h, w, channels], layer);
  }
  return layout.fromChannelsLast(builder.depthToSpace(layer, blocks, block));
}

function spaceToDepth(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const value = context.input(0);
  const block = node.attributes.integer('blocksize', 0);
  const [, , h = 0, w = 0] = value.shape;
  if (value.shape.length !== 4 || block < 1 || h % block !== 0 || w % block !== 0)
    refuse(`of [${value.shape.join(', ')}] in blocks of ${block} is not possible`);
  return layout.fromChannelsLast(builder.spaceToDepth(layer, layout.channelsLast(value, layer), block));
}

export const resizingOperators: Readonly<Record<string, NodeConverter>> = {
  Resize: resize,
  Upsample: resize,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
