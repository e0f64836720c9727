import { unreachable } from '../../../errors.ts';
import type { Binary, Cast, Unary, UnaryFunction, Where, BinaryFunction } from '../../../program/instructions.ts';
import type { ElementType } from '../../../program/program.ts';
import type { GraphWriter } from '../graph-writer.ts';

const unaryOperators: Readonly<Record<Exclude<UnaryFunction, 'relu6'>, string>> = {
  neg: 'Neg',
  abs: 'Abs',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  reciprocal: 'Reciprocal',
  floor: 'Floor',
  round: 'Round',
  sign: 'Sign',
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  erf: 'Erf',
  not: 'Not',
};

const binaryOperators: Readonly<Record<BinaryFunction, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  max: 'Max',
  min: 'Min',
  pow: 'Pow',
  greater: 'Greater',
  greaterEqual: 'GreaterOrEqual',
  less: 'Less',
  lessEqual: 'LessOrEqual',
  equal: 'Equal',
  and: 'And',
  or: 'Or',
};

/** The operator of the same function; `relu6` is `Clip` from 0 to 6. */
export function writeUnary(graph: GraphWriter, { function: name, x, output }: Unary): void {
  if (name === 'relu6') graph.node('Clip', [graph.nameOf(x), graph.scalar(0), graph.scalar(6)], {}, graph.nameOf(output));
  else graph.node(unaryOperators[name], [graph.nameOf(x)], {}, graph.nameOf(output));
}

/** The operator of the same function; both broadcast as NumPy does. */
export function writeBinary(graph: GraphWriter, { function: name, a, b, output }: Binary): void {
  graph.node(binaryOperators[name], [graph.nameOf(a), graph.nameOf(b)], {}, graph.nameOf(output));
}

/** `Where`. */
export function writeWhere(graph: GraphWriter, { condition, a, b, output }: Where): void {
  graph.node('Where', [graph.nameOf(condition), graph.nameOf(a), graph.nameOf(b)], {}, graph.nameOf(output));
}

/** `Cast` to the code of `TensorProto.DataType`. */
export function writeCast(graph: GraphWriter, { x, to, output }: Cast): void {
  graph.node('Cast', [graph.nameOf(x)], { to: { integer: castType(to) } }, graph.nameOf(output));
}

function castType(type: ElementType): number {
  switch (type) {
    case 'float32':
      return 1;
    case 'int32':
      return 6;
    case 'bool':
      return 9;
    default:
      return unreachable(type);
  }
}
