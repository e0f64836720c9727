import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EspalierError, isEspalierError } from '../errors.ts';
import { fileAccessError } from './file-errors.ts';

/** What an importer reads: the bytes of a file, or a folder by name. */
export type ModelSource =
  | { readonly kind: 'file'; readonly path: string; readonly folder: string; readonly bytes: Uint8Array }
  | { readonly kind: 'folder'; readonly folder: string; readonly has: ReadonlySet<string> };

export async function openModel(path: string): Promise<ModelSource> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) {
      if (!stats.isFile()) throw new EspalierError('file-access', 'is neither a file nor a folder', { where: path });
      return { kind: 'file', path, folder: dirname(path), bytes: await readFile(path) };
    }
    const present: string[] = [];
    for (const name of ['saved_model.pb', 'model.json']) {
      if (
        await stat(join(path, name)).then(
          (entry) => entry.isFile(),
          () => false,
        )
      )
        present.push(name);
    }
    return { kind: 'folder', folder: path, has: new Set(present) };
  } catch (cause) {
    throw isEspalierError(cause) ? cause : fileAccessError(cause, path);
  }
}
