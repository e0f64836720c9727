/** How values of a section become indices. */
export interface Palette {
  /** Zeros are coded as runs between the other values, and are no values of the palette. */
  readonly zeroRuns: boolean;
  /** By weight + 255, for the weights that the section has. */
  readonly indices: Int16Array;
  /** Of an index that is written as it is; undefined where that is not possible. */
  readonly rawBits: number | undefined;
  readonly headerBits: number;
}

/** Weights have 9 bits, zero points taken off. */
export const largestWeight = 255;
export const largestPalette = 32;
/** Zeros are coded as runs where they are this many times as frequent as the next value. */
const manyZeros = 4;
const paletteHeaderBits = 13;
/** Values around zero that a section does not have need no index, up to so many. */
const largestOffset = 31;

interface ValueCount {
  readonly code: number;
  readonly count: number;
}

/** The palette that Arm's compiler chooses: up to 32 of the most frequent values, if these are more than half of all. */
export function paletteOf(weights: Int16Array): Palette {
  const counts = countValues(weights);
  const zeroRuns = counts[0]?.code === 0 && zerosAreRuns(counts[0].count, counts[1]?.count ?? 0) && counts.length > 1;
  const values = zeroRuns ? counts.slice(1) : counts;
  const total = values.reduce((sum, { count }) => sum + count, 0);
  const frequent = values.slice(0, largestPalette);
  const isUsed = frequent.reduce((sum, { count }) => sum + count, 0) > total / 2;
  const entries = isUsed ? frequent : [];
  const size = isUsed ? Math.max(entries.length, 2) : 0;
  const offset = Math.min(largestOffset, ...values.map(({ code }) => code));
  const entryBits = Math.max(2, bitWidth(Math.max(0, ...(isUsed ? entries : values).map(({ code }) => code))));
  const indices = new Int16Array(2 * largestWeight + 1);
  for (const { code } of values) indices[weightOf(code) + largestWeight] = code + size - offset;
  for (const [index, { code }] of entries.entries()) indices[weightOf(code) + largestWeight] = index;
  return {
    zeroRuns,
    indices,
    rawBits: isUsed ? (values.length <= largestPalette ? bitWidth(size - 1) : undefined) : entryBits,
    headerBits: paletteHeaderBits + size * entryBits,
  };
}

/** Whether zeros are no value of the palette, but runs between the others. */
export function zerosAreRuns(zeros: number, nextFrequent: number): boolean {
  return zeros > manyZeros * nextFrequent;
}

/** The most frequent first. */
function countValues(weights: Int16Array): readonly ValueCount[] {
  const counts = new Uint32Array(2 * largestWeight + 1);
  for (const weight of weights) counts[weight + largestWeight] = (counts[weight + largestWeight] ?? 0) + 1;
  const values: ValueCount[] = [];
  for (const [i, count] of counts.entries()) if (count > 0) values.push({ code: codeOf(i - largestWeight), count });
  return values.sort((a, b) => b.count - a.count || b.code - a.code);
}

/** Magnitudes with the sign as lowest bit: 0, 2, 3 (-1), 4, 5 (-2), … */
function codeOf(weight: number): number {
  return weight < 0 ? -2 * weight + 1 : 2 * weight;
}

function weightOf(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code - 1) / 2;
}

export function bitWidth(value: number): number {
  return 32 - Math.clz32(value);
}
