import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EspalierError, isEspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { removeDeadOperations } from '../network/passes/remove-dead-operations.ts';
import { removePermutations } from '../network/passes/remove-permutations.ts';
import { validateNetwork } from '../network/validate-network.ts';
import { detectFormat, type ModelFormat } from './detect-format.ts';
import { fileAccessError } from './file-access.ts';
import { importers } from './importers.ts';
import { namingFile } from './naming-file.ts';

export interface ImportedModel {
  readonly network: Network;
  readonly format: ModelFormat;
  /** What the user should know: layers left out, layouts changed. */
  readonly warnings: readonly string[];
}

/**
 * Reads a model from a file or folder; its content says which format it is. Throws `file-access` when it cannot be
 * read, `invalid-model` when it is damaged, `unsupported-model` (with what to do) when the network cannot express it.
 */
export async function importModel(path: string): Promise<ImportedModel> {
  const where = basename(path);
  const warnings: string[] = [];
  const source = await openModel(path);
  const format = detectFormat(source, where);
  try {
    const imported = await importers[format](source, where, (message) => warnings.push(message));
    const network = removePermutations(imported, (message) => warnings.push(message));
    validateNetwork(network);
    return { network: keepTrainingOperations(network), format, warnings };
  } catch (cause) {
    if (isEspalierError(cause)) throw namingFile(cause, where);
    // What a reader trips over in a damaged file is the file's fault, not the user's and not a crash.
    if (cause instanceof RangeError || cause instanceof TypeError) {
      throw new EspalierError('invalid-model', 'is damaged', { where, cause, fix: 'save or download the model again' });
    }
    throw cause;
  }
}

/** Dropout stays, for training uses it; what no output depends on goes. */
function keepTrainingOperations(network: Network): Network {
  const hasDead = network.operations.some(
    (operation) =>
      !network.outputs.includes(operation.output) && !network.operations.some((other) => other.inputs.includes(operation.output)),
  );
  return hasDead ? removeDeadOperations(network) : network;
}

/** What an importer reads: the bytes of a file, or a folder by name. */
export type ModelSource =
  | { readonly kind: 'file'; readonly path: string; readonly folder: string; readonly bytes: Uint8Array }
  | { readonly kind: 'folder'; readonly folder: string; readonly has: ReadonlySet<string> };

async function openModel(path: string): Promise<ModelSource> {
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
