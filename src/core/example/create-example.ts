import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { writeTfjsLayers } from '../export/tfjs-layers.ts';
import { withFileErrors, hasCode, writeFileAtomically } from '../tree/store/atomic-files.ts';
import type { Accuracy } from '../../shared/results.ts';
import { exampleModel, exampleRecipe, exampleTexts, exampleWeights } from './example-files.ts';
import { trainBaseline } from './train-baseline.ts';

export interface CreateExampleOptions {
  /** Trains the baseline; the fastest that works here without it. */
  readonly engine?: Engine;
  /** Of the digits, the initial weights and the order of training; default: 0. */
  readonly seed?: number;
  /** Passes of the baseline's training over the digits; default: 32. */
  readonly epochs?: number;
  /** Write into a folder that has files already; those of the example are replaced, all others stay. */
  readonly force?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly phase: 'training' | 'evaluating'; readonly fraction: number }) => void;
}

export interface CreatedExample {
  /** Path of the recipe. */
  readonly recipe: string;
  /** Paths of all files, the recipe last. */
  readonly files: readonly string[];
  /** Of the baseline, on the test digits. */
  readonly accuracy: Accuracy;
}

/**
 * Makes a project to try things with: generated digits, a baseline trained on the spot, and a recipe that walks the whole
 * deployment tree. Nothing is written before the baseline is trained, and the recipe last.
 *
 * @throws EspalierError `invalid-argument` for a folder with files in it, `file-access`, or `cancelled`
 */
export async function createExample(folder: string, options: CreateExampleOptions): Promise<CreatedExample> {
  const { engine, seed = 0, epochs = 32, force = false, signal, onProgress } = options;
  if (!force) await requireEmpty(folder);
  const { network, accuracy } = await trainBaseline({
    engine,
    seed,
    epochs,
    signal,
    onProgress: (phase, fraction) => onProgress({ phase, fraction }),
  });
  const { json, weights } = writeTfjsLayers(network);
  // The recipe comes last: where it is, all that it names is there.
  const contents = new Map<string, string | Uint8Array>([[exampleWeights, weights], [exampleModel, json], ...exampleTexts(seed)]);
  for (const [name, content] of contents) {
    const file = join(folder, name);
    await withFileErrors(file, () => mkdir(dirname(file), { recursive: true }));
    await writeFileAtomically(file, content);
  }
  return { recipe: join(folder, exampleRecipe), files: [...contents.keys()].map((name) => join(folder, name)), accuracy };
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error) && error.code === 'ENOENT') return [];
    if (hasCode(error) && error.code === 'ENOTDIR')
      throw new EspalierError('file-access', 'it is a file, not a folder', { where: folder, fix: 'name a new folder' });
    throw new EspalierError('file-access', `it cannot be read (${error instanceof Error ? error.message : String(error)})`, {
      where: folder,
      fix: 'name a new folder',
      cause: error,
    });
  });
  if (entries.length > 0) {
    throw new EspalierError(
      'invalid-argument',
      `the folder is not empty (it holds ${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''})`,
      { where: folder, fix: 'name a new folder, or use --force to write the example into this one' },
    );
  }
}
