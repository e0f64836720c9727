import type { Instruction } from './instructions.ts';
import { mapOperands } from './operands.ts';
import type { Tensor } from './program.ts';

/**
 * The operands of which an instruction needs only the same slice along axis 0 that it computes of its output; all others
 * it needs whole. Undefined where slices of the output cannot be computed apart.
 *
 * @example Of `[8, 100] + [8, 1]` both, of `[8, 100] * []` the first, of a sum over axis 0 undefined.
 */
export function slicedOperands(instruction: Instruction, isConstant: (tensor: Tensor) => boolean): readonly Tensor[] | undefined {
  const { output } = instruction;
  const [length = 1] = output.shape;
  if (length < 2) return undefined;
  const along = (x: Tensor): boolean => x.shape[0] === length;
  const all = (...operands: readonly Tensor[]): readonly Tensor[] | undefined => (operands.every(along) ? operands : undefined);
  switch (instruction.op) {
    case 'unary':
    case 'cast':
      return [instruction.x];
    case 'binary':
      return stretched([instruction.a, instruction.b], output);
    case 'where':
      return stretched([instruction.condition, instruction.a, instruction.b], output);
    case 'rectifierGradient':
      return [instruction.y, instruction.g];
    case 'reduce':
      return instruction.axes.includes(0) ? undefined : [instruction.x];
    case 'reshape':
      return all(instruction.x);
    case 'transpose':
      return instruction.order[0] === 0 ? [instruction.x] : undefined;
    case 'broadcastTo':
      return stretched([instruction.x], output);
    case 'slice':
      return all(instruction.x);
    case 'pad':
      return all(instruction.x);
    case 'concat':
      return instruction.axis === 0 ? undefined : instruction.xs;
    case 'matmul':
      return slicedFactors(instruction, isConstant);
    case 'affineRows':
      return [instruction.x, instruction.scale, instruction.offset];
    case 'rowDot':
      return [instruction.a, instruction.b];
    case 'depthwiseConv2d':
    case 'depthwiseConvTranspose2d':
      return [instruction.x, instruction.filter];
    case 'depthwiseFilterGradient':
      return [instruction.x, instruction.g];
    default:
      return undefined;
  }
}

/** Operands that are not repeated along axis 0. */
function stretched(operands: readonly Tensor[], { shape }: Tensor): readonly Tensor[] | undefined {
  const sliced = operands.filter((x) => x.shape.length === shape.length && x.shape[0] === shape[0]);
  return sliced.length === 0 ? undefined : sliced;
}

/**
 * Products of a batch along axis 0, and of rows with a constant matrix. Rows of other products are computed together:
 * the second factor would be packed anew for each slice.
 */
function slicedFactors(
  { a, b, transposeA, output }: Extract<Instruction, { op: 'matmul' }>,
  isConstant: (tensor: Tensor) => boolean,
): readonly Tensor[] | undefined {
  if (output.shape.length > 2) return stretched([a, b], output);
  return !transposeA && isConstant(b) && a.shape.length === 2 ? [a] : undefined;
}

/** The same instruction for `length` slices along axis 0 of its output and of the operands that are sliced. */
export function sliceInstruction(instruction: Instruction, sliced: readonly Tensor[], length: number): Instruction {
  const narrow = (x: Tensor): Tensor => ({ ...x, shape: [length, ...x.shape.slice(1)] });
  const mapped = mapOperands(instruction, (operand) => (sliced.includes(operand) ? narrow(operand) : operand));
  const output = narrow(instruction.output);
  return mapped.op === 'slice' ? { ...mapped, size: [length, ...mapped.size.slice(1)], output } : { ...mapped, output };
}
