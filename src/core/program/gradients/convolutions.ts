import type { ProgramBuilder } from '../builder.ts';
import type { Conv2d, Conv2dFilterGradient, ConvTranspose2d, MaxPool2d } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import type { Window } from '../shapes.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';

// Convolution is linear in its input x and in its filter f. With the pairing <g, conv(x, f)> each of the three
// instructions is the derivative of that one trilinear form by one of its arguments, so the gradients of any of them
// are the other two.

function windowOf({ strides, pads, dilations, groups }: Window): Window {
  return { strides, pads, dilations, groups };
}

/** d/dx is `convTranspose2d(g, filter)`, d/dfilter is `conv2dFilterGradient(x, g)`. */
export function conv2dGradient(builder: ProgramBuilder, instruction: Conv2d, g: Tensor, wanted: Wanted): Contribution[] {
  const { x, filter } = instruction;
  return contributions(
    wanted,
    [x, () => builder.convTranspose2d(g, filter, x.shape, windowOf(instruction))],
    [filter, () => builder.conv2dFilterGradient(x, g, filter.shape, windowOf(instruction))],
  );
}

/** d/dx is `conv2d(g, filter)`, d/dfilter is `conv2dFilterGradient(g, x)`. */
export function convTranspose2dGradient(builder: ProgramBuilder, instruction: ConvTranspose2d, g: Tensor, wanted: Wanted): Contribution[] {
  const { x, filter } = instruction;
  return contributions(
    wanted,
    [x, () => builder.conv2d(g, filter, windowOf(instruction))],
    [filter, () => builder.conv2dFilterGradient(g, x, filter.shape, windowOf(instruction))],
  );
}

/** d/dx is `convTranspose2d(g of the convolution, g)`, d/dg is `conv2d(x, g)`. */
export function conv2dFilterGradientGradient(
  builder: ProgramBuilder,
  instruction: Conv2dFilterGradient,
  g: Tensor,
  wanted: Wanted,
): Contribution[] {
  return contributions(
    wanted,
    [instruction.x, () => builder.convTranspose2d(instruction.g, g, instruction.x.shape, windowOf(instruction))],
    [instruction.g, () => builder.conv2d(instruction.x, g, windowOf(instruction))],
  );
}

/** Each element of `g` goes to the largest input of its window, the first one on ties. */
export function maxPool2dGradientOf(builder: ProgramBuilder, { x, size, strides, pads }: MaxPool2d, g: Tensor): Contribution[] {
  return [{ operand: x, gradient: builder.maxPool2dGradient(x, g, size, strides, pads) }];
}
