import type { ReduceFunction } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { checkTensor, matMulShape, normalizeAxis, reducedShape } from '../shapes.ts';
import type { Emitter } from './emitter.ts';

/** What combines the elements along an axis: reductions, and products of matrices and rows. */
export function reductions({ emit }: Emitter) {
  const reduce = (name: ReduceFunction, x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor => {
    checkTensor(x, 'float32', `reduce ${name}`);
    const over = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, x.shape));
    return emit(reducedShape(x.shape, over, keepDimensions), x.type, (output) => ({
      op: 'reduce',
      function: name,
      x,
      axes: over,
      keepDimensions,
      output,
    }));
  };
  const reduceBy =
    (name: ReduceFunction) =>
    (x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor =>
      reduce(name, x, axes, keepDimensions);

  const argReduceBy =
    (name: 'max' | 'min') =>
    (x: Tensor, axis: number): Tensor => {
      const along = normalizeAxis(axis, x.shape);
      return emit(reducedShape(x.shape, [along], false), 'int32', (output) => ({
        op: 'argReduce',
        function: name,
        x,
        axis: along,
        output,
      }));
    };

  return {
    /** Over the given axes (negative ones count from the last), or all of them. */
    reduce,
    sum: reduceBy('sum'),
    mean: reduceBy('mean'),
    maximum: reduceBy('max'),
    minimum: reduceBy('min'),

    /** The int32 index of the largest element along an axis; the lowest index on ties. */
    argMax: argReduceBy('max'),
    /** The int32 index of the smallest element along an axis; the lowest index on ties. */
    argMin: argReduceBy('min'),

    /** `[..., rows, inner]` with `[..., inner, columns]`, after each is transposed where the options ask for it; leading dimensions broadcast. */
    matmul(a: Tensor, b: Tensor, options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}): Tensor {
      const { transposeA = false, transposeB = false } = options;
      return emit(matMulShape(a.shape, b.shape, transposeA, transposeB), 'float32', (output) => ({
        op: 'matmul',
        a,
        b,
        transposeA,
        transposeB,
        output,
      }));
    },

    /** The scalar product of each row of two `[rows, n]` with the same row of the other: `[rows]`. */
    rowDot(a: Tensor, b: Tensor): Tensor {
      if (a.shape.length !== 2 || a.shape.join() !== b.shape.join())
        throw new RangeError(`rowDot: [${a.shape.join(', ')}] with [${b.shape.join(', ')}]`);
      return emit([a.shape[0] ?? 0], 'float32', (output) => ({ op: 'rowDot', a, b, output }));
    },
  };
}
