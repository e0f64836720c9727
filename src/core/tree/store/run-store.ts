/**
 * `.espalier/` next to the recipe: `runs/<id>/` with the recipe, the events and a folder for each model's nodes, and
 * `cache/<key>/` with the results of stages by content address. Runs are independent of each other and of the cache.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { explainFailure, hasCode, writeFileAtomically } from './atomic-files.ts';
import { readNode, writeNode } from './node-folder.ts';
import type { Checkpoint, StageOutcome } from '../stages/stage-runner.ts';

export const storeFolderName = '.espalier';

export function storeFolder(recipeFolder: string): string {
  return path.join(recipeFolder, storeFolderName);
}

export function runsFolder(recipeFolder: string): string {
  return path.join(storeFolder(recipeFolder), 'runs');
}

export function cacheFolder(recipeFolder: string): string {
  return path.join(storeFolder(recipeFolder), 'cache');
}

/** The folder of the recipe that a run folder lies below. */
export function recipeFolderOf(runFolder: string): string {
  return path.dirname(path.dirname(path.dirname(path.resolve(runFolder))));
}

export const runFiles = { recipe: 'recipe.json', events: 'events.jsonl' } as const;

/** Sorts by time; two runs begun in the same second differ in the rest. */
export function newRunId(now: Date): string {
  const stamp = now
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/[-:]/g, '')
    .replace('T', '-');
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}

/** A folder of its own; the recipe inside is what a resumed run goes by, whatever happens to the original. */
export async function createRunFolder(recipeFolder: string, runId: string, recipe: object): Promise<string> {
  const folder = path.join(runsFolder(recipeFolder), runId);
  await explainFailure(folder, () => mkdir(folder, { recursive: true }));
  await writeFileAtomically(path.join(storeFolder(recipeFolder), '.gitignore'), '*\n');
  await writeFileAtomically(path.join(folder, runFiles.recipe), `${JSON.stringify(recipe, undefined, 2)}\n`);
  return folder;
}

/** Folder of a node, relative to the run's; ids contain slashes, which nest. */
export function nodeFolder(model: string, node: string): string {
  return path.posix.join(safeName(model), ...node.split('/').map(safeName));
}

function safeName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return /^\.+$/.test(safe) || safe === '' ? `_${safe}` : safe;
}

export interface StageStore {
  /** From this run, or from any other through the cache. */
  find(ignoreCache: boolean): Promise<{ readonly outcome: StageOutcome; readonly cached: boolean } | undefined>;
  keep(outcome: StageOutcome): Promise<void>;
  readonly checkpoint: Checkpoint;
}

/** Where one node of one run finds and keeps its result; `key` is the content address of its work. */
export function stageStore(runFolder: string, cache: string, model: string, node: string, key: string): StageStore {
  // Node folders nest, so a node's own files lie one deeper than its children's folders.
  const own = path.join(runFolder, nodeFolder(model, node), 'result');
  // A state of other work (another recipe, other code) must not be gone on with.
  const checkpointFile = path.join(runFolder, nodeFolder(model, node), `checkpoint-${key.slice(0, 16)}`);
  return {
    async find(ignoreCache) {
      const finished = await readNode(own, key);
      if (finished !== undefined) return { outcome: finished, cached: false };
      const known = ignoreCache ? undefined : await readNode(path.join(cache, key), key);
      if (known === undefined) return undefined;
      await makeParent(own);
      await rm(own, { recursive: true, force: true });
      await writeNode(own, key, known);
      return { outcome: known, cached: true };
    },
    async keep(outcome) {
      await makeParent(own);
      // What lies there is of other work: the program or the number of threads changed before the run was resumed.
      await rm(own, { recursive: true, force: true });
      await writeNode(own, key, outcome);
      await explainFailure(cache, () => mkdir(cache, { recursive: true }));
      await writeNode(path.join(cache, key), key, outcome);
      await rm(checkpointFile, { force: true });
    },
    checkpoint: {
      load: () => readIfThere(checkpointFile),
      async save(bytes) {
        await makeParent(checkpointFile);
        await writeFileAtomically(checkpointFile, bytes);
      },
    },
  };
}

/** Path of a node's .tflite relative to the run folder. */
export function tflitePath(model: string, node: string): string {
  return path.posix.join(nodeFolder(model, node), 'result', 'model.tflite');
}

async function makeParent(file: string): Promise<void> {
  await explainFailure(file, () => mkdir(path.dirname(file), { recursive: true }));
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Bytes of a file or of all files below a folder; 0 when it is not there. */
export async function sizeOnDisk(target: string): Promise<number> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all((await readdir(target)).map((name) => sizeOnDisk(path.join(target, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
