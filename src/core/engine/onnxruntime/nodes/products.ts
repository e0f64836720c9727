import type { MatMul } from '../../../program/instructions.ts';
import type { GraphWriter } from '../graph-writer.ts';

export function writeMatMul(graph: GraphWriter, { a, b, transposeA, transposeB, output }: MatMul): void {
  const inputs = [graph.nameOf(a), graph.nameOf(b)];
  if (!transposeA && !transposeB) {
    graph.node('MatMul', inputs, {}, graph.nameOf(output));
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
