/** How channels lie in a kernel: shared by everything that works per tensor or per channel. */
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { Granularity } from './constraint.ts';

export interface ChannelLayout {
  /** 1 per tensor. */
  readonly channels: number;
  /** The channel of the element at a row-major index. */
  channelOf(index: number): number;
}

export function channelLayout(shape: readonly number[], granularity: Granularity): ChannelLayout {
  if (granularity.kind === 'tensor') return { channels: 1, channelOf: () => 0 };
  const channels = shape[granularity.axis] ?? 1;
  const inner = shape.slice(granularity.axis + 1).reduce((product, length) => product * length, 1);
  return { channels, channelOf: (index) => Math.floor(index / inner) % channels };
}

/** Largest |w| of each channel, `[channels]`. */
export function channelMaxima(weights: Float32Array, shape: readonly number[], granularity: Granularity): Float32Array {
  const { channels, channelOf } = channelLayout(shape, granularity);
  const maxima = new Float32Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    maxima[channel] = Math.max(maxima[channel] ?? 0, Math.abs(weight));
  });
  return maxima;
}

/** The elements of each channel, as copies. */
export function splitChannels(weights: Float32Array, shape: readonly number[], granularity: Granularity): readonly Float32Array[] {
  if (granularity.kind === 'tensor') return [weights.slice()];
  const { channels, channelOf } = channelLayout(shape, granularity);
  const parts = Array.from({ length: channels }, () => new Float32Array(weights.length / channels));
  const filled = new Uint32Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    const part = parts[channel];
    const at = filled[channel] ?? 0;
    if (part !== undefined) part[at] = weight;
    filled[channel] = at + 1;
  });
  return parts;
}

/** A shape that lines `[channels]` up with the channels of a kernel: `[channels, 1, 1, 1]`, or all ones per tensor. */
export function alignedShape(shape: readonly number[], granularity: Granularity): readonly number[] {
  return shape.map((length, axis) => (granularity.kind === 'channel' && axis === granularity.axis ? length : 1));
}

/** `[...kernel] -> [channels, elements of a channel]`. */
export function toChannelRows(builder: ProgramBuilder, kernel: Tensor, granularity: Granularity): Tensor {
  const length = kernel.shape.reduce((product, size) => product * size, 1);
  if (granularity.kind === 'tensor') return builder.reshape(kernel, [1, length]);
  const channels = kernel.shape[granularity.axis] ?? 1;
  return builder.reshape(builder.transpose(kernel, channelsFirst(kernel.shape.length, granularity.axis)), [channels, length / channels]);
}

/** The inverse of `toChannelRows`. */
export function fromChannelRows(builder: ProgramBuilder, rows: Tensor, shape: readonly number[], granularity: Granularity): Tensor {
  if (granularity.kind === 'tensor') return builder.reshape(rows, shape);
  const order = channelsFirst(shape.length, granularity.axis);
  const transposed = builder.reshape(
    rows,
    order.map((axis) => shape[axis] ?? 1),
  );
  return builder.transpose(
    transposed,
    shape.map((_, axis) => order.indexOf(axis)),
  );
}

function channelsFirst(rank: number, axis: number): number[] {
  return [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
}
