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
  if (name === 'round' && graph.gaps.has('round')) writeRound(graph, graph.nameOf(x), graph.nameOf(output));
  else if (name === 'relu6') graph.node('Clip', [graph.nameOf(x), graph.scalar(0), graph.scalar(6)], {}, graph.nameOf(output));
  else graph.node(unaryOperators[name], [graph.nameOf(x)], {}, graph.nameOf(output));
}

/** To the nearest integer, halves to the even one, as `Round`: the integer below, and one more above a half or at the half of an odd one. */
function writeRound(graph: GraphWriter, x: string, output: string): void {
  const toFloat = (condition: string): string => graph.node('Cast', [condition], { to: { integer: castType('float32') } });
  const below = graph.node('Floor', [x]);
  const rest = graph.node('Sub', [x, below]);
  const isOdd = graph.node('Sub', [
    below,
    graph.node('Mul', [graph.node('Floor', [graph.node('Mul', [below, graph.scalar(0.5)])]), graph.scalar(2)]),
  ]);
  const atHalf = graph.node('Mul', [toFloat(graph.node('Equal', [rest, graph.scalar(0.5)])), isOdd]);
  const up = graph.node('Add', [toFloat(graph.node('Greater', [rest, graph.scalar(0.5)])), atHalf]);
  graph.node('Add', [below, up], {}, output);
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
