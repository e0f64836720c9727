import { InvalidArgumentError } from 'commander';

/** Reads an option's value. An empty one is no number, though `Number` takes it for 0. */
function numberOption(wanted: string, isAllowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!isAllowed(value)) throw new InvalidArgumentError(`Give ${wanted}.`);
    return value;
  };
}

export const wholeNumber = numberOption('a whole number above 0', (value) => Number.isSafeInteger(value) && value > 0);
/** For seeds. */
export const wholeNumberOrZero = numberOption('a whole number, 0 or above', (value) => Number.isSafeInteger(value) && value >= 0);
/** A part of 1, 1 itself left out. */
export const properFraction = numberOption('a number from 0 to below 1, such as 0.5', (value) => value >= 0 && value < 1);
export const positiveNumber = numberOption('a number above 0', (value) => value > 0 && Number.isFinite(value));
export const nonNegativeNumber = numberOption('a number that is not below 0', (value) => value >= 0 && Number.isFinite(value));

/** `32` for both sides, or `49x10`. */
export function imageSize(text: string): readonly [number, number] {
  const [height, width = height] = text.split('x').map(wholeNumber);
  if (height === undefined || width === undefined || text.split('x').length > 2)
    throw new InvalidArgumentError('Give height and width, such as 32 or 49x10.');
  return [height, width];
}
