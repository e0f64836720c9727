/** Code words of a prefix code by symbol: `length` bits, the first in the highest. */
export interface CodeWord {
  readonly bits: number;
  readonly length: number;
}

/** How often each symbol occurs. */
export type Histogram = ReadonlyMap<number, number>;

/** Longer words would not fit the 32-bit integers that they are held in; no tensor that fits in memory needs them. */
const longestWord = 31;

/** How often each value occurs. */
export function histogramOf(values: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Lengths of an optimal prefix code (Huffman 1952), by symbol. A lone symbol gets one bit.
 *
 * Counts that grow as Fibonacci's numbers would give words beyond 31 bits; they are flattened until words fit.
 */
export function codeLengths(counts: Histogram): ReadonlyMap<number, number> {
  let sorted = [...counts].sort(([a, m], [b, n]) => m - n || a - b);
  if (sorted.length === 1) return new Map(sorted.map(([symbol]) => [symbol, 1]));
  for (;;) {
    const lengths = optimalLengths(sorted.map(([, count]) => count));
    if (lengths.every((length) => length <= longestWord)) return new Map(sorted.map(([symbol], i) => [symbol, lengths[i] ?? 0]));
    sorted = sorted.map(([symbol, count]) => [symbol, Math.ceil(count / 2)]);
  }
}

/** Two queues: leaves by count, and joined nodes, whose counts never fall. `counts` ascend. */
function optimalLengths(counts: readonly number[]): number[] {
  const leaves = counts.length;
  const weights = [...counts];
  const parents: number[] = [];
  let leaf = 0;
  let joined = leaves;
  const smallest = (): number =>
    joined >= weights.length || (leaf < leaves && (weights[leaf] ?? 0) <= (weights[joined] ?? 0)) ? leaf++ : joined++;
  for (let node = leaves; node < 2 * leaves - 1; node++) {
    const a = smallest();
    const b = smallest();
    weights.push((weights[a] ?? 0) + (weights[b] ?? 0));
    parents[a] = node;
    parents[b] = node;
  }
  const depths: number[] = [];
  depths[2 * leaves - 2] = 0;
  for (let node = 2 * leaves - 3; node >= 0; node--) depths[node] = (depths[parents[node] ?? 0] ?? 0) + 1;
  return depths.slice(0, leaves);
}

/** The canonical code of these lengths: shorter words first, symbols of one length in ascending order. */
export function canonicalCode(lengths: ReadonlyMap<number, number>): ReadonlyMap<number, CodeWord> {
  const symbols = [...lengths].sort(([a, m], [b, n]) => m - n || a - b);
  const code = new Map<number, CodeWord>();
  let next = 0;
  let length = symbols[0]?.[1] ?? 0;
  for (const [symbol, own] of symbols) {
    next *= 2 ** (own - length);
    length = own;
    code.set(symbol, { bits: next++, length });
  }
  return code;
}

/** Bits that the symbols of a histogram take. */
export function codedBits(counts: Histogram, lengths: ReadonlyMap<number, number>): number {
  let bits = 0;
  for (const [symbol, count] of counts) bits += count * (lengths.get(symbol) ?? 0);
  return bits;
}
