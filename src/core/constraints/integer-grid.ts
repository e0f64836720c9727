/**
 * Weights on the grid of symmetric, narrow int8: an integer in [-127, 127] times the scale of its tensor or channel.
 * Jacob et al. 2018, arXiv:1712.05877; learned step sizes: Esser et al. 2020, arXiv:1902.08153.
 */
import type { WeightBits } from '../../shared/recipe/layer-rule.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { alignedShape, channelLayout, channelMaxima } from './channels.ts';
import type { ConstraintBehaviour, Levels, LoweredConstraint, Trainable } from './constraint-behaviour.ts';
import type { ChannelUnits, IntegerGrid } from './constraint.ts';
import { roundHalfToEven } from './rounding.ts';

export const integerLimit = 127;

/** The largest integer of symmetric, narrow weights: 127 of 8 bits, 7 of 4. */
export function weightLimit(bits: WeightBits = 8): number {
  return 2 ** (bits - 1) - 1;
}

/** Scale of a channel that is all zeros, of 8 bits: any positive number represents it exactly. */
const emptyScale = 1 / integerLimit;
/** Below this a channel counts as all zeros, so that a scale never becomes denormal. */
const smallestMaximum = 1e-30;

export function integerGridBehaviour(grid: IntegerGrid): ConstraintBehaviour {
  return {
    project: (weights, shape) => projectIntegerGrid(weights, shape, grid),
    lower: (builder, name, value, maximum) => lowerIntegerGrid(builder, name, value, grid, maximum),
    fold: (factors) => foldGrid(grid, factors),
    refresh: ({ name, shape, trained, projected, levels }) => {
      switch (grid.scaling ?? 'maximum') {
        case 'fixed':
          return grid;
        case 'learned':
          return { ...grid, scales: trained.get(stepSizeName(name))?.map((step) => Math.max(step, 1e-30)) ?? grid.scales };
        case 'maximum':
          return { ...grid, scales: gridScales(projected(), shape, grid, levels) };
      }
    },
    promise: () => (grid.bits === undefined || grid.bits === 8 ? {} : { bits: grid.bits }),
  };
}

/** On ties the even integer, as in the training graph. */
export function projectIntegerGrid(
  weights: Float32Array,
  shape: readonly number[],
  { granularity, scales, bits }: IntegerGrid,
): Float32Array {
  const { channelOf } = channelLayout(shape, granularity);
  const limit = weightLimit(bits);
  return weights.map((weight, i) => {
    const scale = scales[channelOf(i)] ?? 1;
    return Math.max(-limit, Math.min(limit, roundHalfToEven(weight / scale))) * scale;
  });
}

/**
 * Scales `[1]` or `[channels]` that hold these weights: those that the values before the grid ask for, or the largest
 * |w| over 127.
 *
 * @param levels of the constraint before the grid, if it has any
 */
export function gridScales(
  weights: Float32Array,
  shape: readonly number[],
  { granularity, bits }: Pick<IntegerGrid, 'granularity' | 'bits'>,
  levels?: Levels,
): Float32Array {
  const limit = weightLimit(bits);
  return (
    levels?.gridScales(shape, granularity, limit) ??
    channelMaxima(weights, shape, granularity).map((maximum) => scaleOfMaximum(maximum, limit))
  );
}

/** Of a channel whose largest |w| this is; always positive. */
export function scaleOfMaximum(maximum: number, limit: number): number {
  return maximum < smallestMaximum ? emptyScale : maximum / limit;
}

export function stepSizeName(parameter: string): string {
  return `${parameter}/step-size`;
}

/**
 * Rounds to the grid; the gradient goes straight through where the weight is within the grid's range and stops outside.
 * `sharedMaximum` is the largest |w| that the constraint before allows, in the kernel or in each channel.
 */
function lowerIntegerGrid(
  builder: ProgramBuilder,
  name: string,
  weight: Tensor,
  grid: IntegerGrid,
  sharedMaximum: Tensor | undefined,
): LoweredConstraint {
  const shape = alignedShape(weight.shape, grid.granularity);
  const limit = weightLimit(grid.bits);
  switch (grid.scaling ?? 'maximum') {
    case 'maximum': {
      const axes = weight.shape
        .map((_, axis) => axis)
        .filter((axis) => grid.granularity.kind === 'tensor' || axis !== grid.granularity.axis);
      const maximum = builder.stopGradient(
        (fits(sharedMaximum, weight, grid) ? sharedMaximum : undefined) ?? builder.maximum(builder.abs(weight), axes, true),
      );
      const scale = builder.where(builder.less(maximum, smallestMaximum), emptyScale, builder.mul(maximum, 1 / limit));
      return { value: roundOnto(builder, weight, scale, limit) };
    }
    case 'fixed':
      return { value: roundOnto(builder, weight, builder.constant(grid.scales, shape), limit) };
    case 'learned': {
      const step = builder.input(stepSizeName(name), [grid.scales.length]);
      const trainable: Trainable = {
        name: stepSizeName(name),
        tensor: step,
        initial: grid.scales,
        learningRateFactor: stepSizeRateFactor(grid.scales),
        sharesKernelStepFactor: false,
      };
      return { value: learnedStep(builder, weight, builder.reshape(step, shape), limit), trainables: [trainable] };
    }
  }
}

/** A maximum that differs by channel cannot be the range of a grid with one scale. */
function fits(maximum: Tensor | undefined, value: Tensor, grid: IntegerGrid): boolean {
  if (maximum === undefined) return false;
  return grid.granularity.kind === 'channel' || maximum.shape.every((length) => length === 1) || value.shape.length === 0;
}

/** The clip stops the gradient outside the range, the rounding lets it through. */
function roundOnto(builder: ProgramBuilder, weight: Tensor, scale: Tensor, limit: number): Tensor {
  const clipped = builder.clip(builder.div(weight, scale), -limit, limit);
  return builder.mul(builder.straightThrough(builder.round(clipped), clipped), scale);
}

/** Equation 1 to 3 of LSQ: v = round(clip(w / s)) * s, dv/ds = round(w/s) - w/s inside and +-127 outside, scaled by 1 / sqrt(n * 127). */
function learnedStep(builder: ProgramBuilder, weight: Tensor, step: Tensor, limit: number): Tensor {
  const perStep = weight.shape.reduce((a, b) => a * b, 1) / step.shape.reduce((a, b) => a * b, 1);
  const factor = 1 / Math.sqrt(perStep * limit);
  const scaled = builder.mul(step, factor);
  // The value is the step's own; only a part of the gradient reaches it.
  const damped = builder.add(builder.stopGradient(step), builder.sub(scaled, builder.stopGradient(scaled)));
  const positive = builder.max(damped, smallestMaximum);
  return roundOnto(builder, weight, positive, limit);
}

/** Step sizes are small, so Adam's unit steps are scaled down to their size. */
function stepSizeRateFactor(scales: Float32Array): number {
  return scales.reduce((sum, scale) => sum + scale, 0) / Math.max(scales.length, 1);
}

/**
 * The scales of channels that were multiplied; the integers stay.
 *
 * @throws RangeError for a grid of one scale, which channels with factors of their own do not fit
 */
function foldGrid(grid: IntegerGrid, { scales: factors }: ChannelUnits): IntegerGrid {
  if (grid.granularity.kind === 'tensor') throw new RangeError('a grid of one scale cannot take factors of channels');
  const limit = weightLimit(grid.bits);
  return { ...grid, scales: grid.scales.map((scale, c) => scaleOfMaximum(limit * scale * Math.abs(factors[c] ?? 1), limit)) };
}
