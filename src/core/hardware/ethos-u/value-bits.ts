import { bitWidth, zerosAreRuns } from './weight-palette.ts';
import { riceCodes } from './weight-stream.ts';

/**
 * Bits that a weight of each value takes in the NPU's format, in one section with a palette: its index by frequency in the
 * code that is shortest for all, and where zeros are coded as runs, a zero's part of a run and the run before each other
 * value.
 *
 * @param counts how many weights have each value; at most 32 values are a palette
 * @param zero index of the value zero; -1 without one
 */
export function ethosValueBits(counts: readonly number[], zero: number): readonly number[] {
  const order = [...counts.keys()].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
  const zeroRuns = order.length > 1 && order[0] === zero && zerosAreRuns(counts[zero] ?? 0, counts[order[1] ?? 0] ?? 0);
  const coded = zeroRuns ? order.slice(1) : order;
  const indexBits = shortestCode(coded.map((value) => counts[value] ?? 0));
  const bits = new Array<number>(counts.length).fill(0);
  for (const [index, value] of coded.entries()) bits[value] = indexBits[index] ?? 0;
  if (!zeroRuns) return bits;
  const zeros = counts[zero] ?? 0;
  const values = coded.reduce((sum, value) => sum + (counts[value] ?? 0), 0);
  const parameter = runParameter(zeros, values);
  for (const value of coded) bits[value] = (bits[value] ?? 0) + 1 + parameter;
  bits[zero] = 2 ** -parameter;
  return bits;
}

/** By index, the most frequent first. */
function shortestCode(counts: readonly number[]): readonly number[] {
  const used = counts.filter((count) => count > 0).length;
  const raw = new Array<number>(counts.length).fill(bitWidth(Math.max(used, 2) - 1));
  const total = (code: readonly number[]): number =>
    counts.reduce((sum, count, index) => sum + Math.max(count, 1) * (code[index] ?? Infinity), 0);
  return [raw, ...riceCodes].reduce((best, code) => (total(code) < total(best) ? code : best));
}

const largestRunParameter = 3;

/** Bits of runs between values that lie at random: the quotient's mean where lengths follow a geometric distribution. */
function runParameter(zeros: number, values: number): number {
  const share = zeros / (zeros + values);
  const bits = (parameter: number): number => {
    const power = share ** (2 ** parameter);
    return power / (1 - power) + 1 + parameter;
  };
  let best = 0;
  for (let parameter = 1; parameter <= largestRunParameter; parameter++) if (bits(parameter) < bits(best)) best = parameter;
  return best;
}
