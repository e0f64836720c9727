/**
 * Weights on the grid of symmetric, narrow int8: an integer in [-127, 127] times the scale of its tensor or channel.
 * Jacob et al. 2018, arXiv:1712.05877; learned step sizes: Esser et al. 2020, arXiv:1902.08153.
 */
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { alignedShape, channelLayout, channelMaxima } from './channels.ts';
import type { Codebook, IntegerGrid } from './constraint.ts';
import type { Trainable } from './lowered-weight.ts';
import { roundHalfToEven } from './rounding.ts';

export const integerLimit = 127;
/** Scale of a channel that is all zeros: any positive number represents it exactly. */
const emptyScale = 1 / integerLimit;
/** Below this a channel counts as all zeros, so that a scale never becomes denormal. */
const smallestMaximum = 1e-30;

/** On ties the even integer, as in the training graph. */
export function projectIntegerGrid(weights: Float32Array, shape: readonly number[], { granularity, scales }: IntegerGrid): Float32Array {
  const { channelOf } = channelLayout(shape, granularity);
  return weights.map((weight, i) => {
    const scale = scales[channelOf(i)] ?? 1;
    return Math.max(-integerLimit, Math.min(integerLimit, roundHalfToEven(weight / scale))) * scale;
  });
}

/**
 * Scales `[1]` or `[channels]` that hold these weights: the largest |w| over 127. Under a shared codebook, the largest
 * centroid over 127 times the channel's unit, so that a centroid is the same integer in every channel.
 */
export function gridScales(
  weights: Float32Array,
  shape: readonly number[],
  grid: Pick<IntegerGrid, 'granularity'>,
  codebook?: Codebook,
): Float32Array {
  const { channels } = channelLayout(shape, grid.granularity);
  const onePerChannel = codebook?.units?.granularity.kind === 'channel' && grid.granularity.kind === 'tensor';
  if (codebook === undefined || codebook.granularity.kind === 'channel' || onePerChannel) {
    return channelMaxima(weights, shape, grid.granularity).map(scaleOfMaximum);
  }
  const step =
    codebook.integers === true ? 1 : codebook.centroids.reduce((most, centroid) => Math.max(most, Math.abs(centroid)), 0) / integerLimit;
  return Float32Array.from({ length: channels }, (_, channel) => scaleOfMaximum(step * integerLimit * Math.abs(unitOf(codebook, channel))));
}

function unitOf({ units }: Codebook, channel: number): number {
  if (units === undefined) return 1;
  return units.scales[units.granularity.kind === 'tensor' ? 0 : channel] ?? 1;
}

/** Of a channel whose largest |w| this is; always positive. */
export function scaleOfMaximum(maximum: number): number {
  return maximum < smallestMaximum ? emptyScale : maximum / integerLimit;
}

export function stepSizeName(parameter: string): string {
  return `${parameter}/step-size`;
}

export interface LoweredGrid {
  readonly value: Tensor;
  readonly trainables: readonly Trainable[];
}

/**
 * Rounds to the grid; the gradient goes straight through where the weight is within the grid's range and stops outside.
 * `sharedMaximum` is the largest |w| that the codebook in force allows in each channel.
 */
export function lowerIntegerGrid(
  builder: ProgramBuilder,
  name: string,
  weight: Tensor,
  grid: IntegerGrid,
  sharedMaximum?: Tensor,
): LoweredGrid {
  const shape = alignedShape(weight.shape, grid.granularity);
  switch (grid.scaling ?? 'maximum') {
    case 'maximum': {
      const axes = weight.shape
        .map((_, axis) => axis)
        .filter((axis) => grid.granularity.kind === 'tensor' || axis !== grid.granularity.axis);
      const maximum = builder.stopGradient(sharedMaximum ?? builder.maximum(builder.abs(weight), axes, true));
      const scale = builder.where(builder.less(maximum, smallestMaximum), emptyScale, builder.mul(maximum, 1 / integerLimit));
      return { value: roundOnto(builder, weight, scale), trainables: [] };
    }
    case 'fixed':
      return { value: roundOnto(builder, weight, builder.constant(grid.scales, shape)), trainables: [] };
    case 'learned': {
      const step = builder.input(stepSizeName(name), [grid.scales.length]);
      const trainable: Trainable = {
        name: stepSizeName(name),
        tensor: step,
        initial: grid.scales,
        learningRateFactor: stepSizeRateFactor(grid.scales),
        stepsLikeWeights: false,
      };
      return { value: learnedStep(builder, weight, builder.reshape(step, shape)), trainables: [trainable] };
    }
  }
}

/** The clip stops the gradient outside the range, the rounding lets it through. */
function roundOnto(builder: ProgramBuilder, weight: Tensor, scale: Tensor): Tensor {
  const clipped = builder.clip(builder.div(weight, scale), -integerLimit, integerLimit);
  return builder.mul(builder.straightThrough(builder.round(clipped), clipped), scale);
}

/** Equation 1 to 3 of LSQ: v = round(clip(w / s)) * s, dv/ds = round(w/s) - w/s inside and +-127 outside, scaled by 1 / sqrt(n * 127). */
function learnedStep(builder: ProgramBuilder, weight: Tensor, step: Tensor): Tensor {
  const perStep = weight.shape.reduce((a, b) => a * b, 1) / step.shape.reduce((a, b) => a * b, 1);
  const factor = 1 / Math.sqrt(perStep * integerLimit);
  const scaled = builder.mul(step, factor);
  // The value is the step's own; only a part of the gradient reaches it.
  const damped = builder.add(builder.stopGradient(step), builder.sub(scaled, builder.stopGradient(scaled)));
  const positive = builder.max(damped, smallestMaximum);
  return roundOnto(builder, weight, positive);
}

/** Step sizes are small numbers: Adam's unit steps are brought down to their size. */
function stepSizeRateFactor(scales: Float32Array): number {
  return scales.reduce((sum, scale) => sum + scale, 0) / Math.max(scales.length, 1);
}
