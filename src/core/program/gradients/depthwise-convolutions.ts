import type { ProgramBuilder } from '../builder.ts';
import type { DepthwiseConv2d, DepthwiseConvTranspose2d, DepthwiseFilterGradient } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import type { DepthwiseWindow } from '../shapes.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';

// As in `convolutions.ts`: three derivatives of one trilinear form, so the gradients of any of them are the other two.

function windowOf({ strides, pads, dilations }: DepthwiseWindow): DepthwiseWindow {
  return { strides, pads, dilations };
}

/** d/dx is `depthwiseConvTranspose2d(g, filter)`, d/dfilter is `depthwiseFilterGradient(x, g)`. */
export function depthwiseConv2dGradient(builder: ProgramBuilder, instruction: DepthwiseConv2d, g: Tensor, wanted: Wanted): Contribution[] {
  const { x, filter } = instruction;
  return contributions(
    wanted,
    [x, () => builder.depthwiseConvTranspose2d(g, filter, x.shape, windowOf(instruction))],
    [filter, () => builder.depthwiseFilterGradient(x, g, filter.shape, windowOf(instruction))],
  );
}

/** d/dx is `depthwiseConv2d(g, filter)`, d/dfilter is `depthwiseFilterGradient(g, x)`. */
export function depthwiseConvTranspose2dGradient(
  builder: ProgramBuilder,
  instruction: DepthwiseConvTranspose2d,
  g: Tensor,
  wanted: Wanted,
): Contribution[] {
  const { x, filter } = instruction;
  return contributions(
    wanted,
    [x, () => builder.depthwiseConv2d(g, filter, windowOf(instruction))],
    [filter, () => builder.depthwiseFilterGradient(g, x, filter.shape, windowOf(instruction))],
  );
}

/** d/dx is `depthwiseConvTranspose2d(g of the convolution, g)`, d/dg is `depthwiseConv2d(x, g)`. */
export function depthwiseFilterGradientGradient(
  builder: ProgramBuilder,
  instruction: DepthwiseFilterGradient,
  g: Tensor,
  wanted: Wanted,
): Contribution[] {
  return contributions(
    wanted,
    [instruction.x, () => builder.depthwiseConvTranspose2d(instruction.g, g, instruction.x.shape, windowOf(instruction))],
    [instruction.g, () => builder.depthwiseConv2d(instruction.x, g, windowOf(instruction))],
  );
}
