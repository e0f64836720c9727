import type { Constant, Instruction } from './instructions.ts';
import { operandsOf } from './operands.ts';
import type { Definitions } from './simplify.ts';

/**
 * The constant an instruction amounts to when its operands are constants, for the cases that come up: arithmetic on
 * scalars, another shape of a constant, a constant stretched from one value. Everything else is left to the engine.
 */
export function foldConstants(instruction: Instruction, definitions: Definitions): Constant | undefined {
  const constants = operandsOf(instruction)
    .map((operand) => definitions(operand))
    .filter((definition) => definition?.op === 'constant');
  if (constants.length === 0 || constants.length !== operandsOf(instruction).length) return undefined;
  const [a, b] = constants;
  const { output } = instruction;
  if (instruction.op === 'reshape' && a !== undefined) return { op: 'constant', data: a.data, output };
  const x = a?.data[0];
  const y = b?.data[0];
  if (output.type !== 'float32' || constants.some(({ data }) => data.length !== 1) || x === undefined) return undefined;
  if (output.shape.some((length) => length !== 1)) return undefined;
  const value = foldScalars(instruction, x, y);
  return value === undefined ? undefined : { op: 'constant', data: Float32Array.of(value), output };
}

/** Only operations that are correctly rounded, so that folding gives the bits the engine would. */
function foldScalars(instruction: Instruction, x: number, y: number | undefined): number | undefined {
  if (instruction.op === 'unary') {
    switch (instruction.function) {
      case 'neg':
        return -x;
      case 'abs':
        return Math.abs(x);
      case 'sqrt':
        return Math.sqrt(x);
      case 'reciprocal':
        return 1 / x;
      default:
        return undefined;
    }
  }
  if (instruction.op === 'binary' && y !== undefined) {
    switch (instruction.function) {
      case 'add':
        return x + y;
      case 'sub':
        return x - y;
      case 'mul':
        return x * y;
      case 'div':
        return x / y;
      default:
        return undefined;
    }
  }
  return undefined;
}
