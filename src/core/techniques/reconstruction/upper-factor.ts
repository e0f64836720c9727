import { setImmediate as nextTurn } from 'node:timers/promises';
import { EspalierError } from '../../errors.ts';

/** Columns that are factored together: their rows stay in the processor's cache while all others go by. */
const block = 32;

/**
 * The factor of a positive definite matrix, `gram = R R^T` with R upper triangular: the Cholesky factorization begun at
 * the last column.
 *
 * @param gram `[d, d]`, symmetric
 * @returns `[d, d]`; undefined where the matrix is not positive definite
 * @throws EspalierError `cancelled`
 */
export async function upperFactor(gram: Float64Array, signal: AbortSignal): Promise<Float64Array | undefined> {
  const length = Math.sqrt(gram.length);
  const factor = new Float64Array(gram.length);
  for (let end = length; end > 0; end -= block) {
    if (signal.aborted) throw new EspalierError('cancelled', 'factoring the moments of a layer was cancelled');
    const begin = Math.max(0, end - block);
    for (let i = end - 1; i >= 0; i--) {
      const row = i * length;
      for (let j = end - 1; j >= Math.max(begin, i); j--) {
        const rest = (gram[row + j] ?? 0) - dot(factor, row, j * length, j + 1, length);
        if (i < j) factor[row + j] = rest / (factor[j * (length + 1)] ?? 1);
        else if (rest > 0) factor[row + j] = Math.sqrt(rest);
        else return undefined;
      }
    }
    await nextTurn();
  }
  return factor;
}

/** Four independent sums, so that the processor does not wait for each addition. */
function dot(values: Float64Array, a: number, b: number, from: number, to: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let k = from;
  for (; k + 3 < to; k += 4) {
    first += (values[a + k] ?? 0) * (values[b + k] ?? 0);
    second += (values[a + k + 1] ?? 0) * (values[b + k + 1] ?? 0);
    third += (values[a + k + 2] ?? 0) * (values[b + k + 2] ?? 0);
    fourth += (values[a + k + 3] ?? 0) * (values[b + k + 3] ?? 0);
  }
  for (; k < to; k++) first += (values[a + k] ?? 0) * (values[b + k] ?? 0);
  return first + second + (third + fourth);
}
