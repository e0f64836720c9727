import type { Tensor } from '../program.ts';
import { matMulShape } from '../shapes.ts';
import { MovementBuilder } from './movement-builder.ts';

/** Products of matrices, and what is done to a matrix row by row. */
export class ProductBuilder extends MovementBuilder {
  matmul(a: Tensor, b: Tensor, options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}): Tensor {
    const { transposeA = false, transposeB = false } = options;
    return this.emit(matMulShape(a.shape, b.shape, transposeA, transposeB), 'float32', (output) => ({
      op: 'matmul',
      a,
      b,
      transposeA,
      transposeB,
      output,
    }));
  }

  /** Of x `[rows, n]`, with scale and offset `[rows]`. */
  affineRows(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
    for (const operand of [scale, offset]) {
      if (x.shape.length !== 2 || operand.shape.join() !== String(x.shape[0]))
        throw new RangeError(`affineRows: [${x.shape.join(', ')}] with [${operand.shape.join(', ')}]`);
    }
    return this.emit(x.shape, 'float32', (output) => ({ op: 'affineRows', x, scale, offset, output }));
  }

  /** Of two `[rows, n]`, to `[rows]`. */
  rowDot(a: Tensor, b: Tensor): Tensor {
    if (a.shape.length !== 2 || a.shape.join() !== b.shape.join())
      throw new RangeError(`rowDot: [${a.shape.join(', ')}] with [${b.shape.join(', ')}]`);
    return this.emit([a.shape[0] ?? 0], 'float32', (output) => ({ op: 'rowDot', a, b, output }));
  }
}
