import type { Parameter } from '../../../network/network.ts';
import type { Pair } from '../../../network/operations.ts';
import { transposed, type HostTensor } from '../host-tensor.ts';
import { parameterOf, vector, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { fromImage, imageOf, padImage, paddingOf, windowOf } from './windows.ts';

/** Weights `[out, in / group, kh, kw]`, or `[out, in / group, k]` over sequences. */
function convolution(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const rank = value.shape.length;
  const weights = context.required(1, 'weights');
  if (weights.shape.length !== rank) refuse(`of [${value.shape.join(', ')}] with weights [${weights.shape.join(', ')}] is not possible`);
  const image = imageOf(context, value);
  const [h = 0, w = 0, channels = 0] = builder.shapeOf(image);
  const groups = node.attributes.integer('group', 1);
  const [filters = 0, perGroup = 0, ...size] = weights.shape;
  if (perGroup * groups !== channels || filters % groups !== 0)
    refuse(`of ${channels} channels in ${groups} groups with weights [${weights.shape.join(', ')}] is not possible`);
  const window = windowOf(context, size, value.shape.slice(2));
  const padding = paddingOf([h, w], window);
  const input = padding === 'same' ? image : padImage(context, image, window.pads);
  const { strides, dilations } = window;
  const bias = biasOf(context, 2);
  const options = { bias, strides, dilations, padding };
  // One channel a group is TFLite's depthwise convolution, with as many filters for each channel.
  const output =
    groups === channels && channels > 1
      ? builder.depthwiseConv2d(layer, input, { kernel: kernelOf(weights, 'depthwise', [1, 2, 3, 0]), ...options })
      : builder.conv2d(layer, input, { kernel: kernelOf(weights, 'convolution', [0, 2, 3, 1]), ...options });
  return fromImage(context, output, rank);
}

/** Weights as an image kernel, its axes in the given order. */
function kernelOf(weights: HostTensor, layout: string, order: readonly number[]): Parameter {
  return parameterOf(weights, layout, (tensor) => transposed(asImageKernel(tensor), order));
}

/** A window over one axis has height 1. */
function asImageKernel(weights: HostTensor): HostTensor {
  const [out = 0, inner = 0, ...size] = weights.shape;
  return size.length === 2 ? weights : { ...weights, shape: [out, inner, 1, ...size] };
}

export function biasOf(context: NodeContext, position: number): Parameter | undefined {
  const bias = context.constant(position, 'a bias');
  return bias === undefined ? undefined : vector(bias);
}

/** Weights `[in, out / group, kh, kw]`. The whole result is computed and cut to what the padding leaves. */
function transposedConvolution(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const rank = value.shape.length;
  const weights = context.required(1, 'weights');
  if (weights.shape.length !== rank) refuse(`of [${value.shape.join(', ')}] with weights [${weights.shape.join(', ')}] is not possible`);
  const image = imageOf(context, value);
  const [h = 0, w = 0] = builder.shapeOf(image);
  const spatial = value.shape.slice(2);
  const size = weights.shape.slice(2);
  const groups = node.attributes.integer('group', 1);
  const extents = outputExtents(context, spatial, size);
  const strides = pairOf(node.attributes.integers('strides') ?? [], rank);
  if ((node.attributes.integers('dilations') ?? []).some((dilation) => dilation !== 1))
    refuse('with dilations is not supported', 'replace the layer, or upsample and convolve');
  const kernel = wholeKernel(weights, groups);
  const [rows, columns] = rank === 4 ? [extents[0], extents[1]] : [whole, extents[0]];
  if (rows === undefined || columns === undefined) return refuse('without axes to slide over is not possible');
  const lengths: Pair = [fullLength(h, kernel.shape[1] ?? 1, strides[0]), fullLength(w, kernel.shape[2] ?? 1, strides[1])];
  const cut = [rows, columns].map((extent, axis) => cutOf(extent, lengths[axis] ?? 0, [h, w][axis] ?? 0, strides[axis] ?? 1));
  const same = cut.every(({ isSame }) => isSame);
  let output = builder.transposeConv2d(layer, image, {
    kernel,
    bias: biasOf(context, 2),
    strides,
    padding: same ? 'same' : 'valid',
    outputSize: same ? [rows.count, columns.count] : [cut[0]?.length ?? 0, cut[1]?.length ?? 0],
  });
  const [height = 0, width = 0, filters = 0] = builder.shapeOf(output);
  if (rows.count < height || columns.count < width)
    output = builder.crop(layer, output, [rows.begin, columns.begin, 0], [rows.count, columns.count, filters]);
  return fromImage(context, output, rank);
}

/** How an axis whose windows reach over `full` elements is cut: as SAME padding does it, or from a result of `length`. */
function cutOf(
  { begin, count }: Extent,
  full: number,
  input: number,
  stride: number,
): { readonly isSame: boolean; readonly length: number } {
  const total = full - count;
  const isSame = total >= 0 && begin === Math.floor(total / 2) && Math.ceil(count / stride) === input;
  return { isSame, length: Math.max(full, begin + count) };
}

/** The part of the whole result along one axis that is kept. */
interface Extent {
  readonly begin: number;
  readonly count: number;
}

const whole: Extent = { begin: 0, count: 1 };

function fullLength(length: number, size: number, stride: number): number {
  return (length - 1) * stride + size;
}

function pairOf(values: readonly number[], rank: number): Pair {
  return rank === 4 ? [values[0] ?? 1, values[1] ?? 1] : [1, values[0] ?? 1];
}

function outputExtents(context: NodeContext, spatial: readonly number[], size: readonly number[]): readonly Extent[] {
  const { attributes } = context.node;
  const pads = attributes.integers('pads') ?? [];
  const extra = attributes.integers('output_padding') ?? [];
  const wanted = attributes.integers('output_shape');
  const automatic = attributes.text('auto_pad', 'NOTSET');
  return spatial.map((length, axis) => {
    const stride = attributes.integers('strides')?.[axis] ?? 1;
    const full = fullLength(length, size[axis] ?? 1, stride);
    const same = automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER';
    const count = wanted?.[wanted.length - spatial.length + axis] ?? (same ? length * stride : undefined);
    if (count === undefined) {
      const begin = automatic === 'VALID' ? 0 : (pads[axis] ?? 0);
      const end = automatic === 'VALID' ? 0 : (pads[axis + spatial.length] ?? 0);
      return { begin, count: full + (extra[axis] ?? 0) - begin - end };
    }
    const total = Math.max(full + (extra[axis] ?? 0) - count, 0);
    const smaller = Math.floor(total / 2);
    return { begin: automatic === 'SAME_UPPER' ? smaller : total - smaller, count };
  });
}

/** `[out, kh, kw, in]`; groups become one kernel with zeros between them. */
function wholeKernel(weights: HostTensor, groups: number): Parameter {
  return parameterOf(weights, `transposed ${groups}`, (tensor) => {
    const image = asImageKernel(tensor);
    const [channels = 0, perGroup = 0, kh = 1, kw = 1] = image.shape;
    const filters = perGroup * groups;
    const data = new Float32Array(filters * kh * kw * channels);
    const channelsOfGroup = channels / groups;
    for (let c = 0; c < channels; c++) {
      const group = Math.floor(c / channelsOfGroup);
      for (let f = 0; f < perGroup; f++) {
        for (let position = 0; position < kh * kw; position++)
          data[((group * perGroup + f) * kh * kw + position) * channels + c] = image.data[(c * perGroup + f) * kh * kw + position] ?? 0;
      }
    }
    return { type: 'float32', shape: [filters, kh, kw, channels], data };
  });
}

export const convolutionOperators: Readonly<Record<string, NodeConverter>> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
};
