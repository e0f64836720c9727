import { unreachable } from '../errors.ts';
import type { Instruction } from './instructions.ts';
import type { Tensor } from './program.ts';

/** The tensors that an instruction reads, in the order of its fields; none for inputs and constants. */
export function operandsOf(instruction: Instruction): readonly Tensor[] {
  switch (instruction.op) {
    case 'input':
    case 'constant':
      return [];
    case 'unary':
    case 'cast':
    case 'reduce':
    case 'argReduce':
    case 'reshape':
    case 'transpose':
    case 'broadcastTo':
    case 'slice':
    case 'pad':
    case 'maxPool2d':
    case 'stopGradient':
      return [instruction.x];
    case 'binary':
    case 'matmul':
    case 'rowDot':
      return [instruction.a, instruction.b];
    case 'where':
      return [instruction.condition, instruction.a, instruction.b];
    case 'concat':
      return instruction.xs;
    case 'gather':
      return [instruction.x, instruction.indices];
    case 'scatterAdd':
      return [instruction.indices, instruction.updates];
    case 'conv2d':
    case 'convTranspose2d':
    case 'depthwiseConv2d':
    case 'depthwiseConvTranspose2d':
      return [instruction.x, instruction.filter];
    case 'conv2dFilterGradient':
    case 'depthwiseFilterGradient':
    case 'maxPool2dGradient':
      return [instruction.x, instruction.g];
    case 'affineRows':
      return [instruction.x, instruction.scale, instruction.offset];
    case 'rectifierGradient':
      return [instruction.y, instruction.g];
    case 'straightThrough':
      return [instruction.x, instruction.latent];
    default:
      return unreachable(instruction);
  }
}

/** The same instruction with its operands replaced. */
export function mapOperands(instruction: Instruction, map: (operand: Tensor) => Tensor): Instruction {
  switch (instruction.op) {
    case 'input':
    case 'constant':
      return instruction;
    case 'unary':
    case 'cast':
    case 'reduce':
    case 'argReduce':
    case 'reshape':
    case 'transpose':
    case 'broadcastTo':
    case 'slice':
    case 'pad':
    case 'maxPool2d':
    case 'stopGradient':
      return { ...instruction, x: map(instruction.x) };
    case 'binary':
    case 'matmul':
    case 'rowDot':
      return { ...instruction, a: map(instruction.a), b: map(instruction.b) };
    case 'where':
      return { ...instruction, condition: map(instruction.condition), a: map(instruction.a), b: map(instruction.b) };
    case 'concat':
      return { ...instruction, xs: instruction.xs.map(map) };
    case 'gather':
      return { ...instruction, x: map(instruction.x), indices: map(instruction.indices) };
    case 'scatterAdd':
      return { ...instruction, indices: map(instruction.indices), updates: map(instruction.updates) };
    case 'conv2d':
    case 'convTranspose2d':
    case 'depthwiseConv2d':
    case 'depthwiseConvTranspose2d':
      return { ...instruction, x: map(instruction.x), filter: map(instruction.filter) };
    case 'conv2dFilterGradient':
    case 'depthwiseFilterGradient':
    case 'maxPool2dGradient':
      return { ...instruction, x: map(instruction.x), g: map(instruction.g) };
    case 'affineRows':
      return { ...instruction, x: map(instruction.x), scale: map(instruction.scale), offset: map(instruction.offset) };
    case 'rectifierGradient':
      return { ...instruction, y: map(instruction.y), g: map(instruction.g) };
    case 'straightThrough':
      return { ...instruction, x: map(instruction.x), latent: map(instruction.latent) };
    default:
      return unreachable(instruction);
  }
}
