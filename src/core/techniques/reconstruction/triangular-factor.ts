/** The triangular factor of a positive definite matrix. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EspalierError } from '../../errors.ts';
import { at, type Code, int, pageBytes, repeat, vector, wasmFunction, wasmModule } from '../../web-assembly.ts';

/** Rows that are factored together. Sums over the rows before them take most of the time, and go through four by four elements. */
const block = 32;
/** Terms of a sum that are added before the next rows: those of a block, in 64 KB, stay in the processor's cache. */
const depth = 256;

/**
 * The factor of a positive definite matrix, `gram = R R^T` with R upper triangular: the Cholesky factorization begun at
 * the last column.
 *
 * It works on the reversed matrix, J gram J with J the reversal of rows: its lower factor L gives `R = J L J`, whose sums
 * run over rows that lie together in memory.
 *
 * @param gram `[d, d]`, symmetric
 * @returns `[d, d]`; undefined where the matrix is not positive definite
 * @throws EspalierError `cancelled`
 */
export async function upperFactor(gram: Float64Array, signal: AbortSignal): Promise<Float64Array | undefined> {
  const length = Math.sqrt(gram.length);
  // A single block has no sums over the rows before it.
  const memory = length > block ? new WebAssembly.Memory({ initial: Math.ceil((8 * (gram.length + 4 * depth)) / pageBytes) }) : undefined;
  const products = memory && productsOf(memory, length);
  const factor = memory ? new Float64Array(memory.buffer, 0, gram.length) : new Float64Array(gram.length);
  // The reversal of both axes is the reversal of all elements.
  for (let i = 0; i < length; i++) for (let j = 0; j <= i; j++) factor[i * length + j] = gram[gram.length - 1 - (i * length + j)] ?? 0;
  for (let begin = 0; begin < length; begin += block) {
    if (signal.aborted) throw new EspalierError('cancelled', 'factoring the moments of a layer was cancelled');
    const end = Math.min(begin + block, length);
    for (let from = 0; from < begin; from += depth) products?.subtract(begin, end, from, Math.min(from + depth, begin));
    if (!factorDiagonal(factor, length, begin, end)) return undefined;
    solveBelow(factor, length, begin, end);
    await nextTurn();
  }
  return factor.slice().reverse();
}

const rows = ['row0', 'row1', 'row2', 'row3'] as const;
const sums = rows.flatMap((row) => ([0, 1] as const).map((pair) => ({ row, pair, name: `${row} ${pair}` as const })));

/**
 * Four rows by four columns at a time, so that each number that is read serves four products. Terms of a sum are added one after the
 * other, as a loop over numbers would.
 *
 * `panel` holds the terms of the four columns, `[terms, 4]`; `from` and `into` are the first elements of the first four rows.
 */
const subtractTiles = wasmFunction(
  ['from', 'stride', 'panel', 'terms', 'into', 'tiles'],
  ['tile', 'term', 'column', ...rows],
  ['factor', 'left', 'right', ...sums.map(({ name }) => name)],
  (local) => {
    const atRows = (first: Code): Code =>
      rows.map((row, i) => {
        const above = rows[i - 1];
        return local.set(row, above === undefined ? first : [local.get(above), local.get('stride'), int.add]);
      });
    return repeat(
      [
        atRows(local.get('from')),
        local.set('column', local.get('panel')),
        local.set('term', [int.constant, 0]),
        sums.map(({ name }) => local.set(name, vector.zero)),
        repeat(
          [
            local.set('left', [local.get('column'), vector.load, at(0)]),
            local.set('right', [local.get('column'), vector.load, at(16)]),
            rows.map((row) => [
              local.set('factor', [local.get(row), vector.loadDoubleSplat, at(0)]),
              sums
                .filter((sum) => sum.row === row)
                .map((sum) =>
                  local.set(sum.name, [
                    local.get(sum.name),
                    [local.get('factor'), local.get(sum.pair === 0 ? 'left' : 'right'), vector.multiplyDoubles],
                    vector.addDoubles,
                  ]),
                ),
              local.increase(row, [int.constant, 8]),
            ]),
            local.increase('column', [int.constant, 32]),
            local.increase('term', [int.constant, 1]),
          ],
          [local.get('term'), local.get('terms'), int.lessThan],
        ),
        atRows(local.get('into')),
        sums.map(({ row, pair, name }) => {
          const address = local.get(row);
          return [address, [address, vector.load, at(16 * pair), local.get(name), vector.subtractDoubles], vector.store, at(16 * pair)];
        }),
        local.set('into', [local.get('row3'), local.get('stride'), int.add]),
        rows.map(() => local.increase('from', local.get('stride'))),
        local.increase('tile', [int.constant, 1]),
      ],
      [local.get('tile'), local.get('tiles'), int.lessThan],
    );
  },
);

const functions = wasmModule({ subtractTiles });

interface Products {
  /** `L[i, j] -= sum over k in from..to of L[i, k] L[j, k]`, for i >= begin and j in begin..end. */
  subtract(begin: number, end: number, from: number, to: number): void;
}

/** On the matrix at the start of a memory, behind which there is room for the panel. */
function productsOf(memory: WebAssembly.Memory, length: number): Products {
  const call = functions(memory);
  const factor = new Float64Array(memory.buffer, 0, length * length);
  const panel = new Float64Array(memory.buffer, factor.byteLength, 4 * depth);
  return {
    subtract: (begin, end, from, to) => {
      const tiles = (length - begin) >> 2;
      let j = begin;
      for (; tiles > 0 && j + 3 < end; j += 4) {
        for (let k = from; k < to; k++)
          for (let column = 0; column < 4; column++) panel[4 * (k - from) + column] = factor[(j + column) * length + k] ?? 0;
        const into = begin * length + j;
        call('subtractTiles', 8 * (begin * length + from), 8 * length, panel.byteOffset, to - from, 8 * into, tiles);
        for (let i = begin + 4 * tiles; i < length; i++)
          for (let column = j; column < j + 4; column++) subtractOne(factor, length, i, column, from, to);
      }
      for (; j < end; j++) for (let i = begin; i < length; i++) subtractOne(factor, length, i, j, from, to);
    },
  };
}

/** The same for one element. */
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
