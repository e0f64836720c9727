import { InvalidArgumentError } from 'commander';

/** An option's value as a whole number above 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return value;
}

/** An option's value as a part of 1, 1 itself left out. */
export function properFraction(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError('Give a number from 0 to below 1, such as 0.5.');
  return value;
}
