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
]);

/** A data block for a file in another folder: every path that is there from the first folder is written from the second. */
export function relocateData<T>(value: T, from: string, to: string): T;
export function relocateData(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') {
    const target = path.resolve(from, value);
    return value !== '' && existsSync(target) ? path.relative(to, target).split(path.sep).join('/') || '.' : value;
  }
  if (Array.isArray(value)) return value.map((entry: unknown) => relocateData(entry, from, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, entry]: readonly [string, unknown]) => [
      field,
      words.has(field) ? entry : relocateData(entry, from, to),
    ]),
  );
}
