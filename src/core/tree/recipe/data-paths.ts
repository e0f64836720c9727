/** The paths that a data block names, with their places in it, so that a finding about a file stands at its name. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { byTensor, pathFields, textFields } from './relocate-data.ts';

export interface NamedPath {
  /** Within the data block. */
  readonly field: readonly (string | number)[];
  /** As it is written there. */
  readonly text: string;
}

/** Files and folders that the block names and that are not there. */
export function missingPaths(data: object, folder: string): readonly NamedPath[] {
  return textsIn(data, []).filter(({ field, text }) => isPathField(field) && !existsSync(path.resolve(folder, text)));
}

/** Every text of the block that may be a path: the fields of paths, others with a separator, and names of what is there. */
export function namedPaths(data: object, folder: string): readonly NamedPath[] {
  return textsIn(data, []).filter(({ field, text }) => isPathField(field) || /[\\/]/.test(text) || existsSync(path.resolve(folder, text)));
}

/**
 * The text of the block that a file was named by: it is the file, or a folder above it.
 *
 * @param file absolute, or relative to the folder
 */
export function pathNaming(data: object, folder: string, file: string): NamedPath | undefined {
  const wanted = path.resolve(folder, file);
  return textsIn(data, [])
    .filter(({ text }) => {
      const named = path.resolve(folder, text);
      return wanted === named || wanted.startsWith(`${named}${path.sep}`);
    })
    .toSorted((a, b) => b.text.length - a.text.length)[0];
}

function textsIn(value: unknown, field: NamedPath['field']): readonly NamedPath[] {
  if (typeof value === 'string') return [{ field, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const parent = field.at(-1);
  const areTensors = typeof parent === 'string' && byTensor.has(parent);
  return entries.flatMap(([name, entry]: readonly [string | number, unknown]) =>
    typeof name === 'string' && !areTensors && textFields.has(name) ? [] : textsIn(entry, [...field, name]),
  );
}

function isPathField(field: NamedPath['field']): boolean {
  const last = field.at(-1);
  return typeof last === 'string' && pathFields.has(last);
}
