/** Figures that took long to measure, in the cache: `…json` files that carry a digest and say what they are of. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Guard } from '../../../shared/checked-json.ts';
import { isEspalierError } from '../../errors.ts';
import { makeFolderOf, writeFileAtomically } from './atomic-files.ts';
import { readSealedJson, writeSealedJson } from './sealed-file.ts';

export interface ReadOptions<T> {
  readonly guard: Guard<T>;
  /** What happens where the file cannot be used: `layers are measured again`. */
  readonly consequence: string;
  readonly report: (message: string) => void;
}

/**
 * Undefined where the file is missing, damaged, or of other work than its name says. In the cache it stands under a name that
 * says what it is of; a copy elsewhere does not name it.
 */
export async function readKept<T extends object>(file: string, { guard, consequence, report }: ReadOptions<T>): Promise<T | undefined> {
  const value = await readSealedJson(file, consequence).catch((error: unknown) => {
    if (!isEspalierError(error)) throw error;
    report(error.message);
    return undefined;
  });
  if (value === undefined) return undefined;
  const { of = path.basename(file), ...figures }: { readonly of?: unknown } = value;
  if (of !== path.basename(file)) {
    report(`${file}: is of other work than its name says; ${consequence}`);
    return undefined;
  }
  return guard(figures) ? figures : undefined;
}

/**
 * Writes figures under a name that says what they are of. The folder may be read-only, and the disk full: then the next call
 * measures again.
 *
 * @param prepare what else the folder needs
 * @returns whether they are kept
 */
export async function keepForLater(
  file: string,
  figures: object,
  report: (reason: string) => void,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  try {
    await makeFolderOf(file);
    await prepare();
    await writeSealedJson(file, { ...figures, of: path.basename(file) });
    return true;
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    report(error.message);
    return false;
  }
}

/** Git leaves out what a program keeps beside a user's files. */
export async function ignoreInGit(folder: string): Promise<void> {
  const file = path.join(folder, '.gitignore');
  if (!existsSync(file)) await writeFileAtomically(file, '*\n');
}
