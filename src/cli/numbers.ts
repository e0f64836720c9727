import { InvalidArgumentError } from 'commander';

/** An option's value as a whole number above 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return value;
}

/** An option's value as a whole number, 0 included. */
export function wholeNumberOrZero(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('Give a whole number, 0 or above.');
  return value;
}

/** An option's value as a part of 1, 1 itself left out. */
export function properFraction(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError('Give a number from 0 to below 1, such as 0.5.');
  return value;
}

/** An option's value as a number above 0. */
export function positiveNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

/** An option's value as a number that is not below 0. */
export function nonNegativeNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a number that is not below 0.');
  return value;
}

/** An option's value as the seed of random choices. */
export function seedNumber(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('Give a whole number, 0 or above.');
  return value;
}

/** `32` for both sides, or `49x10`. */
export function imageSize(text: string): readonly [number, number] {
  const [height, width = height] = text.split('x').map(wholeNumber);
  if (height === undefined || width === undefined || text.split('x').length > 2)
    throw new InvalidArgumentError('Give height and width, such as 32 or 49x10.');
  return [height, width];
}
