import { readFile, stat } from 'node:fs/promises';
import { fileAccessError } from '../../import/file-errors.ts';

/** The bytes of a .tflite, told by its content; undefined for everything that an importer reads. */
export async function readTfliteBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined;
    const bytes = await readFile(path);
    return bytes.subarray(4, 8).toString('latin1') === 'TFL3' ? bytes : undefined;
  } catch (cause) {
    throw fileAccessError(cause, path);
  }
}
