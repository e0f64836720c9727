/** The triangular factor of a positive definite matrix. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EspalierError } from '../../errors.ts';

/** Rows that are factored together. Sums over the rows before them take most of the time, and go through four by four elements. */
const block = 32;
/** Terms of a sum that are added before the next rows: those of a block, in 64 KB, stay in the processor's cache. */
const depth = 256;

/**
 * The factor of a positive definite matrix, `gram = R R^T` with R upper triangular: the Cholesky factorization begun at
 * the last column.
 *
 * It works on the matrix turned round, J gram J with J the reversal: its lower factor L gives `R = J L J`, whose sums
 * run over rows that lie together in memory.
 *
 * @param gram `[d, d]`, symmetric
 * @returns `[d, d]`; undefined where the matrix is not positive definite
 * @throws EspalierError `cancelled`
 */
export async function upperFactor(gram: Float64Array, signal: AbortSignal): Promise<Float64Array | undefined> {
  const length = Math.sqrt(gram.length);
  const factor = new Float64Array(gram.length);
  // The reversal of both axes is the reversal of all elements.
  for (let i = 0; i < length; i++) for (let j = 0; j <= i; j++) factor[i * length + j] = gram[gram.length - 1 - (i * length + j)] ?? 0;
  for (let begin = 0; begin < length; begin += block) {
    if (signal.aborted) throw new EspalierError('cancelled', 'factoring the moments of a layer was cancelled');
    const end = Math.min(begin + block, length);
    for (let from = 0; from < begin; from += depth) subtractProducts(factor, length, begin, end, from, Math.min(from + depth, begin));
    if (!factorDiagonal(factor, length, begin, end)) return undefined;
    solveBelow(factor, length, begin, end);
    await nextTurn();
  }
  return factor.reverse();
}

/** `L[i, j] -= sum over k in from..to of L[i, k] L[j, k]`, for i >= begin and j in begin..end. */
function subtractProducts(factor: Float64Array, length: number, begin: number, end: number, from: number, to: number): void {
  let i = begin;
  for (; i + 3 < length; i += 4) {
    let j = begin;
    for (; j + 3 < end; j += 4) subtractTile(factor, length, i, j, from, to);
    for (; j < end; j++) for (let row = i; row < i + 4; row++) subtractOne(factor, length, row, j, from, to);
  }
  for (; i < length; i++) for (let j = begin; j < end; j++) subtractOne(factor, length, i, j, from, to);
}

/** Four rows by four: each number that is read serves four products. */
function subtractTile(factor: Float64Array, length: number, i: number, j: number, from: number, to: number): void {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  const a = i * length;
  const b = j * length;
  for (let k = from; k < to; k++) {
    const a0 = factor[a + k] ?? 0;
    const a1 = factor[a + length + k] ?? 0;
    const a2 = factor[a + 2 * length + k] ?? 0;
    const a3 = factor[a + 3 * length + k] ?? 0;
    const b0 = factor[b + k] ?? 0;
    const b1 = factor[b + length + k] ?? 0;
    const b2 = factor[b + 2 * length + k] ?? 0;
    const b3 = factor[b + 3 * length + k] ?? 0;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  subtractRow(factor, a + j, s00, s01, s02, s03);
  subtractRow(factor, a + length + j, s10, s11, s12, s13);
  subtractRow(factor, a + 2 * length + j, s20, s21, s22, s23);
  subtractRow(factor, a + 3 * length + j, s30, s31, s32, s33);
}

function subtractRow(factor: Float64Array, at: number, a: number, b: number, c: number, d: number): void {
  factor[at] = (factor[at] ?? 0) - a;
  factor[at + 1] = (factor[at + 1] ?? 0) - b;
  factor[at + 2] = (factor[at + 2] ?? 0) - c;
  factor[at + 3] = (factor[at + 3] ?? 0) - d;
}

function subtractOne(factor: Float64Array, length: number, i: number, j: number, from: number, to: number): void {
  let sum = 0;
  for (let k = from; k < to; k++) sum += (factor[i * length + k] ?? 0) * (factor[j * length + k] ?? 0);
  factor[i * length + j] = (factor[i * length + j] ?? 0) - sum;
}

/** The block on the diagonal, after which what is above the diagonal is zero. */
function factorDiagonal(factor: Float64Array, length: number, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) {
    for (let j = begin; j < i; j++) {
      subtractOne(factor, length, i, j, begin, j);
      factor[i * length + j] = (factor[i * length + j] ?? 0) / (factor[j * (length + 1)] ?? 1);
    }
    subtractOne(factor, length, i, i, begin, i);
    const pivot = factor[i * (length + 1)] ?? 0;
    if (!(pivot > 0)) return false;
    factor[i * (length + 1)] = Math.sqrt(pivot);
    factor.fill(0, i * (length + 1) + 1, i * length + end);
  }
  return true;
}

/** The rows below: `L[i, block] = S[i, block] L[block, block]^-T`. */
function solveBelow(factor: Float64Array, length: number, begin: number, end: number): void {
  for (let i = end; i < length; i++) {
    for (let j = begin; j < end; j++) {
      subtractOne(factor, length, i, j, begin, j);
      factor[i * length + j] = (factor[i * length + j] ?? 0) / (factor[j * (length + 1)] ?? 1);
    }
  }
}
