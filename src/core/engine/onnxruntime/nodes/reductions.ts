import type { ArgReduce, Reduce, ReduceFunction } from '../../../program/instructions.ts';
import type { GraphWriter } from '../graph-writer.ts';

const operators: Readonly<Record<ReduceFunction, string>> = { sum: 'ReduceSum', mean: 'ReduceMean', max: 'ReduceMax', min: 'ReduceMin' };

export function writeReduce(graph: GraphWriter, { function: name, x, axes, keepDimensions, output }: Reduce): void {
  const attributes = { keepdims: { integer: keepDimensions ? 1 : 0 }, noop_with_empty_axes: { integer: 1 } };
  graph.node(operators[name], [graph.nameOf(x), graph.integers(axes)], attributes, graph.nameOf(output));
}

export function writeArgReduce(graph: GraphWriter, { function: name, x, axis, output }: ArgReduce): void {
  const index = graph.node(name === 'max' ? 'ArgMax' : 'ArgMin', [graph.nameOf(x)], { axis: { integer: axis }, keepdims: { integer: 0 } });
  graph.node('Cast', [index], { to: { integer: 6 } }, graph.nameOf(output));
}
