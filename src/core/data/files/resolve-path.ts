import { resolve } from 'node:path';

/** A spec's path: relative to the folder of the file that holds the spec. */
export function resolvePath(folder: string, path: string): string {
  return resolve(folder, path);
}
