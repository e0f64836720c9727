import type { ArgReduce, MatMul, Reduce, ReduceFunction } from '../../../program/instructions.ts';
import type { GraphWriter } from '../graph-writer.ts';

const operators: Readonly<Record<ReduceFunction, string>> = { sum: 'ReduceSum', mean: 'ReduceMean', max: 'ReduceMax', min: 'ReduceMin' };

/** `ReduceSum`, `ReduceMean`, `ReduceMax` or `ReduceMin`. */
export function writeReduce(graph: GraphWriter, { function: name, x, axes, keepDimensions, output }: Reduce): void {
  const attributes = { keepdims: { integer: keepDimensions ? 1 : 0 }, noop_with_empty_axes: { integer: 1 } };
  graph.node(operators[name], [graph.nameOf(x), graph.integers(axes)], attributes, graph.nameOf(output));
}

/** `ArgMax` or `ArgMin`, cast from int64 to int32. */
export function writeArgReduce(graph: GraphWriter, { function: name, x, axis, output }: ArgReduce): void {
  const index = graph.node(name === 'max' ? 'ArgMax' : 'ArgMin', [graph.nameOf(x)], { axis: { integer: axis }, keepdims: { integer: 0 } });
  graph.node('Cast', [index], { to: { integer: 6 } }, graph.nameOf(output));
}

/** `transpose(a) x b` of a `[batch, k, m]` and b `[batch, k, n]`: `[batch, m, n]`. */
export function productOfColumns(graph: GraphWriter, a: string, b: string): string {
  if (graph.contributed) return graph.node('FusedMatMul', [a, b], { transA: { integer: 1 } }, undefined, 'com.microsoft');
  return graph.node('MatMul', [graph.node('Transpose', [a], { perm: { integers: lastTwoSwapped(3) } }), b]);
}

/** Products of the rows of a and b `[rows, n]` with each other: `[rows]`, as they are in `rowDot`. */
export function productOfRows(graph: GraphWriter, a: string, b: string, [rows, n]: readonly [number, number], output?: string): string {
  if (!graph.contributed)
    return graph.node('ReduceSum', [graph.node('Mul', [a, b]), graph.integers([1])], { keepdims: { integer: 0 } }, output);
  const [left, right] = [a, b].map((x) => graph.node('Reshape', [x, graph.integers([rows, 1, n])]));
  const products = graph.node('FusedMatMul', [left ?? '', right ?? ''], { transB: { integer: 1 } }, undefined, 'com.microsoft');
  return graph.node('Reshape', [products, graph.integers([rows])], {}, output);
}

/**
 * Larger first factors are transposed before the product: read in place, `[512, 512]` transposed by `[512, 1152]` takes
 * 16.4 ms, transposed before 10.4.
 */
const transposedFirst = 256;

/**
 * `MatMul`, or for transposed operands `Gemm` (two matrices) or `FusedMatMul` (more dimensions), which read them in
 * place.
 */
export function writeMatMul(graph: GraphWriter, { a, b, transposeA, transposeB, output }: MatMul): void {
  const inputs = [graph.nameOf(a), graph.nameOf(b)];
  if (!transposeA && !transposeB) {
    graph.node('MatMul', inputs, {}, graph.nameOf(output));
  } else if (transposeA && !transposeB && a.shape.length === 2 && b.shape.length === 2 && Math.min(...a.shape) >= transposedFirst) {
    const [k = 1, m = 1] = a.shape;
    // As one of a batch: the runtime would otherwise take the transpose back into the product.
    const batch = graph.node('Reshape', [graph.nameOf(a), graph.integers([1, k, m])]);
    const turned = graph.node('Transpose', [batch], { perm: { integers: [0, 2, 1] } });
    graph.node('MatMul', [graph.node('Reshape', [turned, graph.integers([m, k])]), graph.nameOf(b)], {}, graph.nameOf(output));
  } else if (a.shape.length === 2 && b.shape.length === 2) {
    // Gemm reads transposed operands in place.
    graph.node('Gemm', inputs, { transA: { integer: transposeA ? 1 : 0 }, transB: { integer: transposeB ? 1 : 0 } }, graph.nameOf(output));
  } else if (graph.contributed) {
    graph.node(
      'FusedMatMul',
      inputs,
      { transA: { integer: transposeA ? 1 : 0 }, transB: { integer: transposeB ? 1 : 0 } },
      graph.nameOf(output),
      'com.microsoft',
    );
  } else {
    const left = transposeA
      ? graph.node('Transpose', [graph.nameOf(a)], { perm: { integers: lastTwoSwapped(a.shape.length) } })
      : graph.nameOf(a);
    const right = transposeB
      ? graph.node('Transpose', [graph.nameOf(b)], { perm: { integers: lastTwoSwapped(b.shape.length) } })
      : graph.nameOf(b);
    graph.node('MatMul', [left, right], {}, graph.nameOf(output));
  }
}

function lastTwoSwapped(rank: number): number[] {
  return [...Array(rank - 2).keys(), rank - 1, rank - 2];
}
