import type { AffineRows, RectifierGradient, RowDot } from '../../../program/instructions.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { productOfRows } from './products.ts';

/**
 * A 1x1 convolution with a group for each row: multiplied, added and, with the activation that the runtime fuses into
 * it, rectified in one pass, where Mul, Add and Relu would each go through memory.
 */
export function writeAffineRows(graph: GraphWriter, { x, scale, offset, output }: AffineRows): void {
  const [rows = 1, n = 1] = x.shape;
  const images = graph.node('Reshape', [graph.nameOf(x), graph.integers([1, rows, 1, n])]);
  const filters = graph.node('Reshape', [graph.nameOf(scale), graph.integers([rows, 1, 1, 1])]);
  const scaled = graph.node('Conv', [images, filters, graph.nameOf(offset)], {
    group: { integer: rows },
    kernel_shape: { integers: [1, 1] },
  });
  graph.node('Reshape', [scaled, graph.integers([rows, n])], {}, graph.nameOf(output));
}

/**
 * One product `[1, n] x [1, n]` transposed a row, which keeps no products in memory: 0.16 ms for `[276, 2080]` where Mul
 * and ReduceSum take 0.23, and a MatMul of `[1, n] x [n, 1]` 1.7.
 */
export function writeRowDot(graph: GraphWriter, { a, b, output }: RowDot): void {
  const [rows = 1, n = 1] = a.shape;
  productOfRows(graph, graph.nameOf(a), graph.nameOf(b), [rows, n], graph.nameOf(output));
}

/** Larger than the reciprocal of any number that an activation takes, so that the ramp of a HardSigmoid is a step. */
const steep = 1e30;

/** Steps as floats: comparing and choosing take twice the time, since booleans are not vectorized. */
export function writeRectifierGradient(graph: GraphWriter, { y, g, ceiling, output }: RectifierGradient): void {
  const above = graph.node('HardSigmoid', [graph.nameOf(y)], { alpha: { float: steep }, beta: { float: 0 } });
  if (ceiling === undefined) {
    graph.node('Mul', [graph.nameOf(g), above], {}, graph.nameOf(output));
    return;
  }
  const below = graph.node('HardSigmoid', [graph.nameOf(y)], { alpha: { float: -steep }, beta: { float: ceiling * steep } });
  graph.node('Mul', [graph.node('Mul', [graph.nameOf(g), above]), below], {}, graph.nameOf(output));
}
