import { existsSync } from 'node:fs';
import path from 'node:path';

/** Fields whose text is never a path, though a file might be called so. */
const words: ReadonlySet<string> = new Set([
  'format',
  'set',
  'task',
  'type',
  'target',
  'variant',
  'missing',
  'unreadable',
  'pattern',
  'separator',
  'split',
  'class',
  'classes',
  'classNames',
  'backgroundFolder',
  'testWhere',
  'preprocessing',
  'augmentation',
]);

/** Fields that may hold a path for each input of the model, under names that are the model's. */
const byInput: ReadonlySet<string> = new Set(['trainInputs', 'testInputs', 'inputs']);

/** Formats whose other texts are names of arrays or columns. */
const pathsOnlyIn: Readonly<Record<string, readonly string[]>> = { npz: ['file'], csv: ['file', 'testFile'] };

/** A data block for a file in another folder: every path that is there from the first folder is written from the second. */
export function relocateData<T>(value: T, from: string, to: string): T;
export function relocateData(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') {
    const target = path.resolve(from, value);
    return value !== '' && existsSync(target) ? path.relative(to, target).split(path.sep).join('/') || '.' : value;
  }
  if (Array.isArray(value)) return value.map((entry: unknown) => relocateData(entry, from, to));
  if (typeof value !== 'object' || value === null) return value;
  const paths = 'format' in value && typeof value.format === 'string' ? pathsOnlyIn[value.format] : undefined;
  const holdsPath = (field: string): boolean => (paths === undefined ? !words.has(field) : paths.includes(field));
  const relocated = (field: string, entry: unknown): unknown => {
    if (!holdsPath(field)) return entry;
    if (!byInput.has(field) || typeof entry !== 'object' || entry === null) return relocateData(entry, from, to);
    return Object.fromEntries(
      Object.entries(entry).map(([input, file]: readonly [string, unknown]) => [input, relocateData(file, from, to)]),
    );
  };
  return Object.fromEntries(Object.entries(value).map(([field, entry]: readonly [string, unknown]) => [field, relocated(field, entry)]));
}
