import { existsSync } from 'node:fs';
import path from 'node:path';

/** Fields whose text is never a path, even if a file of that name exists. */
export const textFields: ReadonlySet<string> = new Set([
  'format',
  'set',
  'task',
  'type',
  'target',
  'fileColumn',
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

/** Fields that may hold a path for each input or output of the model, under names that are the model's. */
export const byTensor: ReadonlySet<string> = new Set(['trainInputs', 'testInputs', 'inputs', 'trainLabels', 'testLabels']);

/** Formats whose other texts are names of arrays or columns. */
const pathsOnlyIn: Readonly<Record<string, readonly string[]>> = { npz: ['file'], csv: ['file', 'testFile'] };

/**
 * Fields that always hold a path. They are rewritten even where no file exists, so that the error names the intended
 * place.
 */
export const pathFields: ReadonlySet<string> = new Set(['folder', 'file', 'testFile', 'masks']);

/**
 * Rewrites the paths of a data block, or the path of one, from one folder to another. A text that may be a path or a
 * name counts as a path where a file exists.
 */
export function relocateData<T>(value: T, from: string, to: string): T;
export function relocateData(value: unknown, from: string, to: string): unknown {
  return typeof value === 'string' ? relocatedPath(value, from, to) : relocated(value, from, to);
}

function relocated(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return existsSync(path.resolve(from, value)) ? relocatedPath(value, from, to) : value;
  if (Array.isArray(value)) return value.map((entry: unknown) => relocated(entry, from, to));
  if (typeof value !== 'object' || value === null) return value;
  const only = 'format' in value && typeof value.format === 'string' ? pathsOnlyIn[value.format] : undefined;
  const holdsPath = (field: string): boolean => (only === undefined ? !textFields.has(field) : only.includes(field));
  const field = (name: string, entry: unknown): unknown => {
    if (!holdsPath(name)) return entry;
    if (pathFields.has(name) && typeof entry === 'string') return relocatedPath(entry, from, to);
    if (!byTensor.has(name) || typeof entry !== 'object' || entry === null) return relocated(entry, from, to);
    return Object.fromEntries(
      Object.entries(entry).map(([tensor, file]: readonly [string, unknown]) => [tensor, relocated(file, from, to)]),
    );
  };
  return Object.fromEntries(Object.entries(value).map(([name, entry]: readonly [string, unknown]) => [name, field(name, entry)]));
}

/** A path relative to one folder as it is relative to another. */
export function relocatedPath(file: string, from: string, to: string): string {
  return file === '' ? file : path.relative(to, path.resolve(from, file)).split(path.sep).join('/') || '.';
}
