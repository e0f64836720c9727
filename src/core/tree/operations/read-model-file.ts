import { readFile, stat } from 'node:fs/promises';
import { EspalierError } from '../../errors.ts';
import { fileAccessError } from '../../import/file-errors.ts';

/** The bytes of a file whose content is a .tflite; undefined for formats that an importer reads. */
export async function readTfliteBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined;
    const bytes = await readFile(path);
    return bytes.subarray(4, 8).toString('latin1') === 'TFL3' ? bytes : undefined;
  } catch (cause) {
    throw fileAccessError(cause, path);
  }
}

/** @throws EspalierError `file-access`; `unsupported-model` for what is no .tflite */
export async function requireTflite(path: string): Promise<Uint8Array> {
  const bytes = await readTfliteBytes(path);
  if (bytes === undefined)
    throw new EspalierError('unsupported-model', 'is not a .tflite file', {
      where: path,
      fix: 'convert the model first, with `espalier convert`',
    });
  return bytes;
}
