import { unreachable } from '../../errors.ts';
import type { ProgramBuilder } from '../builder.ts';
import type { Instruction } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import type { Contribution, Wanted } from './contribution.ts';
import { conv2dFilterGradientGradient, conv2dGradient, convTranspose2dGradient, maxPool2dGradientOf } from './convolutions.ts';
import { depthwiseConv2dGradient, depthwiseConvTranspose2dGradient, depthwiseFilterGradientGradient } from './depthwise-convolutions.ts';
import { binaryGradient, castGradient, rectifierGradientGradient, unaryGradient, whereGradient } from './elementwise.ts';
import {
  broadcastToGradient,
  concatGradient,
  gatherGradient,
  padGradient,
  reshapeGradient,
  scatterAddGradient,
  sliceGradient,
  transposeGradient,
} from './movement.ts';
import { affineRowsGradient, matMulGradient, reduceGradient, rowDotGradient } from './reductions.ts';

/** What an instruction whose output has gradient `g` adds to the gradients of its wanted operands. */
export function instructionGradients(
  builder: ProgramBuilder,
  instruction: Instruction,
  g: Tensor,
  wanted: Wanted,
): readonly Contribution[] {
  switch (instruction.op) {
    case 'input':
    case 'constant':
    case 'argReduce':
    case 'stopGradient':
      return [];
    case 'unary':
      return unaryGradient(builder, instruction, g);
    case 'binary':
      return binaryGradient(builder, instruction, g, wanted);
    case 'where':
      return whereGradient(builder, instruction, g, wanted);
    case 'cast':
      return castGradient(instruction, g);
    case 'reduce':
      return reduceGradient(builder, instruction, g);
    case 'reshape':
      return reshapeGradient(builder, instruction, g);
    case 'transpose':
      return transposeGradient(builder, instruction, g);
    case 'broadcastTo':
      return broadcastToGradient(builder, instruction, g);
    case 'slice':
      return sliceGradient(builder, instruction, g);
    case 'concat':
      return concatGradient(builder, instruction, g, wanted);
    case 'pad':
      return padGradient(builder, instruction, g);
    case 'matmul':
      return matMulGradient(builder, instruction, g, wanted);
    case 'gather':
      return gatherGradient(builder, instruction, g);
    case 'scatterAdd':
      return scatterAddGradient(builder, instruction, g);
    case 'conv2d':
      return conv2dGradient(builder, instruction, g, wanted);
    case 'convTranspose2d':
      return convTranspose2dGradient(builder, instruction, g, wanted);
    case 'conv2dFilterGradient':
      return conv2dFilterGradientGradient(builder, instruction, g, wanted);
    case 'depthwiseConv2d':
      return depthwiseConv2dGradient(builder, instruction, g, wanted);
    case 'depthwiseConvTranspose2d':
      return depthwiseConvTranspose2dGradient(builder, instruction, g, wanted);
    case 'depthwiseFilterGradient':
      return depthwiseFilterGradientGradient(builder, instruction, g, wanted);
    case 'maxPool2d':
      return maxPool2dGradientOf(builder, instruction, g);
    case 'affineRows':
      return affineRowsGradient(builder, instruction, g, wanted);
    case 'rowDot':
      return rowDotGradient(builder, instruction, g, wanted);
    case 'rectifierGradient':
      return rectifierGradientGradient(builder, instruction, g, wanted);
    case 'maxPool2dGradient':
      throw new RangeError('gradient: maxPool2d has no second derivative here');
    case 'straightThrough':
      return [{ operand: instruction.latent, gradient: g }];
    default:
      return unreachable(instruction);
  }
}
