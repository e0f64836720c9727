import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isEspalierError } from '../../errors.ts';
import { throwIfCancelled } from '../../measure/evaluate-network.ts';
import { hasCode, toFileError } from '../store/atomic-files.ts';
import { readResult } from '../store/result-folder.ts';
import { cacheFolder, runsFolder } from '../store/run-store.ts';
import { readSealedJson } from '../store/sealed-file.ts';
import { checkFigures, verifyRun, type RunVerification, type VerifyOptions } from './verify-run.ts';

export const VERIFICATION_VERSION = 1;

export interface StoreVerification {
  readonly version: typeof VERIFICATION_VERSION;
  readonly runs: readonly RunVerification[];
  /** Undefined where only one run was asked for. */
  readonly cache: CacheVerification | undefined;
}

export interface CacheVerification {
  readonly verified: number;
  /** Damaged entries are made again when they are next needed. */
  readonly problems: readonly { readonly entry: string; readonly message: string }[];
}

/**
 * Verifies every run next to a recipe, and the cache that they share.
 *
 * @param folder of the recipe
 */
export async function verifyStore(folder: string, options: VerifyOptions): Promise<StoreVerification> {
  const runs: RunVerification[] = [];
  for (const runFolder of await runFoldersIn(runsFolder(folder))) runs.push(await verifyRun(runFolder, options));
  return { version: VERIFICATION_VERSION, runs, cache: await verifyCache(folder, options) };
}

async function verifyCache(folder: string, { context }: VerifyOptions): Promise<CacheVerification> {
  const cache = cacheFolder(folder);
  const problems: { readonly entry: string; readonly message: string }[] = [];
  let verified = 0;
  for (const { name } of await visibleEntries(cache)) {
    throwIfCancelled(context.signal);
    const found = await entryProblems(path.join(cache, name));
    if (found.length === 0) verified++;
    for (const message of found) problems.push({ entry: name, message });
  }
  return { verified, problems };
}

async function entryProblems(entry: string): Promise<readonly string[]> {
  if (entry.endsWith('.json')) {
    try {
      const value = await readSealedJson(entry, 'it is measured again when it is next needed');
      return value !== undefined && 'of' in value && value.of !== path.basename(entry) ? ['it is of other work than its name says'] : [];
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      return [error.message];
    }
  }
  const found = await readResult(entry, path.basename(entry));
  switch (found.kind) {
    case 'sound':
      return checkFigures(found.outcome);
    case 'damaged':
      return found.problems;
    case 'other':
      return ['it is the result of other work than its name says'];
    case 'none':
      return [];
  }
}

/** Notes beside the folders are no runs. */
async function runFoldersIn(folder: string): Promise<readonly string[]> {
  return (await visibleEntries(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
}

/** @throws EspalierError `file-access` for a folder that is there and cannot be read: nothing in it has been verified */
async function visibleEntries(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error) && error.code === 'ENOENT') return [];
    throw toFileError(folder, error);
  });
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
}
