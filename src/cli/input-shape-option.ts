import { InvalidArgumentError, Option } from 'commander';

/** `--input-shape 3,224,224`, once for each input. */
export function inputShapeOption(): Option {
  return new Option(
    '--input-shape <lengths>',
    'shape of one example for inputs of open size, such as 3,224,224; once for each input',
  ).argParser((text: string, all: readonly (readonly number[])[] | undefined) => [...(all ?? []), lengths(text)]);
}

function lengths(text: string): readonly number[] {
  const found = text.split(/[,x]/).map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!found.every((length) => Number.isSafeInteger(length) && length > 0))
    throw new InvalidArgumentError('Give whole numbers above 0, such as 3,224,224.');
  return found;
}
