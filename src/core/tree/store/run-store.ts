/**
 * `.espalier/` next to the recipe: `runs/<id>/` with the recipe, the events and a folder for each model's nodes, and
 * `cache/<key>/` with the results of stages by content address. Runs are independent of each other and of the cache.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../../regular-file.ts';
import type { Checkpoint, StageOutcome } from '../stages/stage-runner.ts';
import { fillFolderAtomically, hasCode, makeFolder, makeFolderOf, removeFolderAtomically, writeFileAtomically } from './atomic-files.ts';
import { folderName } from './folder-names.ts';
import { readResult, resultFiles, writeResult } from './result-folder.ts';
import { openBytes, sealBytes } from './sealed-file.ts';

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

/** Decoded images; hidden, since it holds no results of stages. */
export function examplesFolder(recipeFolder: string): string {
  return path.join(cacheFolder(recipeFolder), '.examples');
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

/**
 * Creates the folder of a run with its copy of the recipe, which a resumed run uses whatever happens to the original.
 * The folder appears complete, with all that `fill` writes into it.
 *
 * @param fill writes the run's first files into the folder, which has another name until it is complete
 */
export async function createRunFolder(
  recipeFolder: string,
  runId: string,
  fill: (created: string, final: string) => Promise<void>,
): Promise<string> {
  const folder = path.join(runsFolder(recipeFolder), runId);
  await makeFolder(runsFolder(recipeFolder));
  await writeFileAtomically(path.join(storeFolder(recipeFolder), '.gitignore'), '*\n');
  await fillFolderAtomically(folder, (created) => fill(created, folder));
  return folder;
}

/** Folder of a node, relative to the run's; ids contain slashes, which nest. Different names never share a folder. */
export function nodeFolder(model: string, node: string): string {
  return path.posix.join(folderName(model), ...node.split('/').map(folderName));
}

export interface StageStore {
  /**
   * From this run, or from any other through the cache. A changed result is not used: where none is intact the stage is
   * computed again.
   */
  find(ignoreCache: boolean): Promise<{ readonly outcome: StageOutcome; readonly cached: boolean } | undefined>;
  keep(outcome: StageOutcome): Promise<void>;
  readonly checkpoint: Checkpoint;
}

export interface StagePlace {
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly model: string;
  readonly node: string;
  /** The content address of the node's work. */
  readonly key: string;
  /** Called for damaged results and for results that could not be stored. */
  readonly warn: (message: string) => void;
}

/** Where one node of one run finds and keeps its result. */
export function stageStore({ runFolder, cacheFolder: cache, model, node, key, warn }: StagePlace): StageStore {
  // Node folders nest, so a node's own files lie one deeper than its children's folders.
  const own = path.join(runFolder, nodeFolder(model, node), resultFolder);
  const inCache = path.join(cache, key);
  // A checkpoint of other work (another recipe, other code) must not be resumed from.
  const checkpointFile = path.join(runFolder, nodeFolder(model, node), `checkpoint-${key.slice(0, 16)}`);
  /** A damaged result is removed, so that an intact one can take its place. */
  const dropDamaged = async (folder: string, place: string, problems: readonly string[]): Promise<void> => {
    warn(`the result ${place} is damaged (${problems.join('; ')}): it is not used, and made again`);
    await removeFolderAtomically(folder);
  };
  const readOwn = async (): Promise<StageOutcome | undefined> => {
    const found = await readResult(own, key);
    if (found.kind === 'damaged') await dropDamaged(own, "in this run's folder", found.problems);
    return found.kind === 'sound' ? found.outcome : undefined;
  };
  /** A cache that cannot be read is as good as none. */
  const readCache = async (): Promise<StageOutcome | undefined> => {
    let outcome: StageOutcome | undefined;
    await unlessImpossible(
      async () => {
        const found = await readResult(inCache, key);
        if (found.kind === 'sound') outcome = found.outcome;
        else if (found.kind === 'damaged') await dropDamaged(inCache, 'in the cache', found.problems);
        // Else the result that the name stands for could never be kept.
        else if (found.kind === 'other') await dropDamaged(inCache, 'in the cache', ['it is of other work than its name says']);
      },
      (reason) => warn(`the cache is not used: ${reason}`),
    );
    return outcome;
  };
  const writeOwn = async (outcome: StageOutcome): Promise<void> => {
    await makeFolderOf(own);
    // The folder holds a result of other work: the program or the number of threads changed before the run was resumed.
    await removeFolderAtomically(own);
    await writeResult(own, key, outcome);
  };
  // One that stays is overwritten by the next, or of no use any more.
  const removeCheckpoint = (): Promise<void> =>
    unlessImpossible(
      () => rm(checkpointFile, { force: true, recursive: true }),
      () => undefined,
    );
  let checkpointFailed = false;
  return {
    async find(ignoreCache) {
      const finished = await readOwn();
      if (finished !== undefined) return { outcome: finished, cached: false };
      const known = ignoreCache ? undefined : await readCache();
      if (known === undefined) return undefined;
      await writeOwn(known);
      return { outcome: known, cached: true };
    },
    async keep(outcome) {
      await writeOwn(outcome);
      // The run has its result: without the cache only other runs do the work again.
      await unlessImpossible(
        async () => {
          await makeFolder(cache);
          await writeResult(inCache, key, outcome);
        },
        (reason) => warn(`the result is not kept in the cache: ${reason}`),
      );
      await removeCheckpoint();
    },
    checkpoint: {
      async load() {
        const stored = await readIfThere(checkpointFile);
        const bytes = stored === undefined || stored === 'unreadable' ? undefined : openBytes(stored, key);
        if (stored !== undefined && bytes === undefined) {
          warn('the checkpoint is damaged: this stage starts from its beginning');
          await removeCheckpoint();
        }
        return bytes;
      },
      async save(bytes) {
        await unlessImpossible(
          async () => {
            await makeFolderOf(checkpointFile);
            await writeFileAtomically(checkpointFile, sealBytes(bytes, key));
          },
          (reason) => {
            if (!checkpointFailed) warn(`no checkpoint is kept, so a killed process starts this stage again: ${reason}`);
            checkpointFailed = true;
          },
        );
      },
    },
  };
}

/** For writes that the result does not depend on: their failure is a warning, not a failed stage. */
async function unlessImpossible(write: () => Promise<void>, say: (reason: string) => void): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!hasCode(error)) throw error;
    say(error.message);
  }
}

const resultFolder = 'result';

/** Path of the folder of a node's result relative to the run folder. */
export function resultPath(model: string, node: string): string {
  return path.posix.join(nodeFolder(model, node), resultFolder);
}

/** Path of a node's .tflite relative to the run folder. */
export function tflitePath(model: string, node: string): string {
  return path.posix.join(resultPath(model, node), resultFiles.tflite);
}

/** Undefined where there is no such file; a folder, a pipe or a file of another user is not readable. */
async function readIfThere(file: string): Promise<Uint8Array | 'unreadable' | undefined> {
  try {
    return new Uint8Array(await readRegularFile(file));
  } catch (error) {
    if (!hasCode(error)) throw error;
    return error.code === 'ENOENT' ? undefined : 'unreadable';
  }
}

/**
 * Bytes of a file or of all files below a folder; 0 when it is not there, or is removed meanwhile. Links below it count
 * as themselves: they may lead back to it.
 */
export async function sizeOnDisk(target: string): Promise<number> {
  const found = await stat(target).catch(() => undefined);
  return found === undefined ? 0 : sizeBelow(target, found);
}

async function sizeBelow(target: string, found: Stats): Promise<number> {
  if (!found.isDirectory()) return found.size;
  const names = await readdir(target).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      const below = path.join(target, name);
      const entry = await lstat(below).catch(() => undefined);
      return entry === undefined ? 0 : sizeBelow(below, entry);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
