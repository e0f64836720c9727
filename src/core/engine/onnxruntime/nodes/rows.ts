import type { AffineRows, Instruction, RectifierGradient, RowDot, Unary } from '../../../program/instructions.ts';
import { operandsOf } from '../../../program/operands.ts';
import type { Tensor } from '../../../program/program.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { productOfRows } from './reductions.ts';

/** A 1x1 convolution with a group for each row: multiplied and added in one pass, where Mul and Add would each go through memory. */
export function writeAffineRows(graph: GraphWriter, instruction: AffineRows): void {
  const { output } = instruction;
  graph.node('Reshape', [affineImages(graph, instruction), graph.integers(output.shape)], {}, graph.nameOf(output));
}

/** The same with a rectifier directly behind the convolution, which the runtime then fuses into its one pass. */
export function writeRectifiedRows(graph: GraphWriter, affine: AffineRows, { function: name, output }: Unary): void {
  const images = affineImages(graph, affine);
  const rectified = name === 'relu6' ? graph.node('Clip', [images, graph.scalar(0), graph.scalar(6)]) : graph.node('Relu', [images]);
  graph.node('Reshape', [rectified, graph.integers(output.shape)], {}, graph.nameOf(output));
}

/** Affine maps that only a rectifier reads, by the id of the rectifier's output. */
export function rectifiedAffineRows(instructions: readonly Instruction[], outputs: readonly Tensor[]): ReadonlyMap<number, AffineRows> {
  const affine = new Map(instructions.flatMap((each) => (each.op === 'affineRows' ? [[each.output.id, each] as const] : [])));
  const reads = new Map<number, number>();
  for (const { id } of [...instructions.flatMap(operandsOf), ...outputs]) reads.set(id, (reads.get(id) ?? 0) + 1);
  return new Map(
    instructions.flatMap((each) => {
      if (each.op !== 'unary' || (each.function !== 'relu' && each.function !== 'relu6')) return [];
      const source = affine.get(each.x.id);
      return source !== undefined && reads.get(each.x.id) === 1 ? [[each.output.id, source] as const] : [];
    }),
  );
}

/** `[1, rows, 1, n]` */
function affineImages(graph: GraphWriter, { x, scale, offset }: AffineRows): string {
  const [rows = 1, n = 1] = x.shape;
  const images = graph.node('Reshape', [graph.nameOf(x), graph.integers([1, rows, 1, n])]);
  const filters = graph.node('Reshape', [graph.nameOf(scale), graph.integers([rows, 1, 1, 1])]);
  return graph.node('Conv', [images, filters, graph.nameOf(offset)], {
    group: { integer: rows },
    kernel_shape: { integers: [1, 1] },
  });
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
