import { type Bytes, mapBytes } from '../../shared/sensitivity.ts';

/** @param part of the way from low to high, in [0, 1] */
export function linear(low: number, high: number, part: number): number {
  return low + (high - low) * part;
}

/**
 * A line in logarithms, for errors and divergences, which grow by orders of magnitude; a plain line where one of them is 0.
 *
 * @example geometric(0.01, 1, 0.5) // 0.1
 */
export function geometric(low: number, high: number, part: number): number {
  return low > 0 && high > 0 ? low * (high / low) ** part : linear(low, high, part);
}

export function bytesBetween(low: Bytes, high: Bytes, part: number): Bytes {
  return mapBytes((count) => linear(low[count], high[count], part));
}
