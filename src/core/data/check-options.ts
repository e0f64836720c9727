import { EspalierError } from '../errors.ts';
import type { SplitLimits } from './spec/data-options.ts';
import type { DataFormat, DataSpec } from './spec/data-spec.ts';

const formats: Readonly<Record<DataFormat, true>> = {
  idx: true,
  'cifar-binary': true,
  images: true,
  audio: true,
  npy: true,
  npz: true,
  csv: true,
  raw: true,
  generated: true,
};

/** @throws EspalierError `invalid-data` for an unknown format, and for fractions and limits out of range */
export function checkOptions(spec: DataSpec): void {
  const { format }: { readonly format: string } = spec;
  if (!Object.hasOwn(formats, format))
    throw new EspalierError('invalid-data', `unknown data format ${JSON.stringify(format)}`, {
      where: 'data.format',
      fix: `use one of ${Object.keys(formats).join(', ')}`,
    });
  const fractions = { validation: spec.validation, testFraction: 'testFraction' in spec ? spec.testFraction : undefined };
  for (const [field, value] of Object.entries(fractions)) {
    if (value !== undefined && !(value >= 0 && value < 1))
      throw new EspalierError('invalid-data', `${value} is not a fraction`, {
        where: `data.${field}`,
        fix: 'give a number from 0 to below 1, such as 0.1',
      });
  }
  for (const [split, value] of Object.entries(limitsOf(spec))) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new EspalierError('invalid-data', `a limit of ${String(value)} examples`, {
        where: `data.limit (${split})`,
        fix: 'give a whole number above 0',
      });
  }
}

/** One number stands for every split. */
export function limitsOf(spec: DataSpec): SplitLimits {
  return typeof spec.limit === 'number' ? { train: spec.limit, validation: spec.limit, test: spec.limit } : (spec.limit ?? {});
}
