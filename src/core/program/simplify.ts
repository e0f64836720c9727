import type { Binary, Constant, Instruction, Where } from './instructions.ts';
import { operandsOf } from './operands.ts';
import type { Tensor } from './program.ts';
import { broadcastShapes } from './shapes.ts';

/** A simpler instruction, or the tensor that holds the result already. */
export type Simplified = { readonly instruction: Instruction } | { readonly alias: Tensor };

/** The instruction that computes a tensor, where it is known. */
export type Definitions = (tensor: Tensor) => Instruction | undefined;

/** One instruction in its simplest form, or the tensor that already holds its result. */
export function simplify(instruction: Instruction, definitions: Definitions): Simplified {
  const folded = foldConstants(instruction, definitions);
  if (folded !== undefined) return { instruction: folded };
  switch (instruction.op) {
    case 'straightThrough':
    case 'stopGradient':
      return { alias: instruction.x };
    case 'binary': {
      const alias = neutral(instruction, definitions);
      return alias === undefined ? { instruction: withoutBroadcasts(instruction, definitions) } : { alias };
    }
    case 'where':
      return { instruction: whereWithoutBroadcasts(instruction, definitions) };
    case 'reshape': {
      const source = definitions(instruction.x);
      const x = source?.op === 'reshape' ? source.x : instruction.x;
      return same(x, instruction.output) ? { alias: x } : { instruction: { ...instruction, x } };
    }
    case 'transpose': {
      const source = definitions(instruction.x);
      if (source?.op !== 'transpose') return { instruction };
      const order = instruction.order.map((axis) => source.order[axis] ?? 0);
      return order.every((axis, i) => axis === i) ? { alias: source.x } : { instruction: { ...instruction, x: source.x, order } };
    }
    case 'unary': {
      const source = definitions(instruction.x);
      const undone =
        source?.op === 'unary' &&
        source.function === instruction.function &&
        (instruction.function === 'neg' || instruction.function === 'not');
      return undone ? { alias: source.x } : { instruction };
    }
    default:
      return { instruction };
  }
}

/** x + 0, x - 0, x * 1, x / 1: the operand, when the scalar does not change its shape. */
function neutral({ function: name, a, b, output }: Binary, definitions: Definitions): Tensor | undefined {
  const left = scalarValue(a, definitions);
  const right = scalarValue(b, definitions);
  if (same(a, output) && (((name === 'add' || name === 'sub') && right === 0) || ((name === 'mul' || name === 'div') && right === 1)))
    return a;
  if (same(b, output) && ((name === 'add' && left === 0) || (name === 'mul' && left === 1))) return b;
  return undefined;
}

function scalarValue(tensor: Tensor, definitions: Definitions): number | undefined {
  const definition = definitions(tensor);
  return definition?.op === 'constant' && definition.data.length === 1 ? definition.data[0] : undefined;
}

function same(a: Tensor, b: Tensor): boolean {
  return a.type === b.type && a.shape.join() === b.shape.join();
}

/** Takes an operand as it was before a broadcast, where the operation broadcasts by itself. */
function withoutBroadcasts(instruction: Binary, definitions: Definitions): Binary {
  const { a, b, output } = instruction;
  const narrowA = beforeBroadcast(a, definitions);
  const narrowB = beforeBroadcast(b, definitions);
  if (gives([narrowA, narrowB], output)) return { ...instruction, a: narrowA, b: narrowB };
  if (gives([narrowA, b], output)) return { ...instruction, a: narrowA };
  if (gives([a, narrowB], output)) return { ...instruction, b: narrowB };
  return instruction;
}

function whereWithoutBroadcasts(instruction: Where, definitions: Definitions): Where {
  const { condition, output } = instruction;
  const a = beforeBroadcast(instruction.a, definitions);
  const b = beforeBroadcast(instruction.b, definitions);
  return gives([condition, a, b], output) ? { ...instruction, a, b } : instruction;
}

function gives(operands: readonly Tensor[], output: Tensor): boolean {
  return (
    operands.reduce<readonly number[]>((shape, operand) => broadcastShapes(shape, operand.shape, 'optimize'), []).join() ===
    output.shape.join()
  );
}

function beforeBroadcast(tensor: Tensor, definitions: Definitions): Tensor {
  const definition = definitions(tensor);
  return definition?.op === 'broadcastTo' ? definition.x : tensor;
}

/**
 * The constant an instruction amounts to when its operands are constants, for the cases that come up: arithmetic on
 * scalars, another shape of a constant, a constant stretched from one value. Everything else is left to the engine.
 */
function foldConstants(instruction: Instruction, definitions: Definitions): Constant | undefined {
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
