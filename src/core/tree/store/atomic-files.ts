import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';

/** Written under another name, flushed, then renamed: readers see the whole file or none. */
export async function writeFileAtomically(file: string, contents: Uint8Array | string): Promise<void> {
  const temporary = temporaryName(file);
  await explainFailure(file, async () => {
    try {
      await writeFlushed(temporary, contents);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/**
 * A folder of files, made under another name and renamed when complete. When another process has made it first, its
 * folder stays: both hold the same.
 */
export async function writeFolderAtomically(folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const temporary = temporaryName(folder);
  await explainFailure(folder, async () => {
    try {
      await mkdir(temporary, { recursive: true });
      for (const [name, contents] of files) await writeFlushed(path.join(temporary, name), contents);
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { force: true, recursive: true });
      if (!isTaken(error)) throw error;
    }
  });
}

function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
}

async function writeFlushed(file: string, contents: Uint8Array | string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(contents);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isTaken(error: unknown): boolean {
  return hasCode(error) && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}

export function hasCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

const reasons: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOSPC: ['the disk is full', 'free some space (`espalier clean` shows what the runs take)'],
  EDQUOT: ['the disk quota is used up', 'free some space (`espalier clean` shows what the runs take)'],
  EISDIR: ['is a folder', 'give the name of a file'],
  EACCES: ['no permission to write', 'change the permissions or use another folder'],
  EPERM: ['no permission to write', 'change the permissions or use another folder'],
  EROFS: ['the file system is read-only', 'use a folder that can be written'],
  ENOENT: ['the folder does not exist', 'make it first, or use another one'],
  ENOTDIR: ['a part of the path is a file', 'use another folder'],
};

/** Failures of the file system become errors that say what to do. */
export async function explainFailure<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(where, error);
  }
}

/** The failure in words that say what to do, where it is one that users can do something about. */
export function explained(where: string, error: unknown): unknown {
  const reason = hasCode(error) ? reasons[error.code] : undefined;
  return reason === undefined ? error : new EspalierError('file-access', reason[0], { where, fix: reason[1], cause: error });
}
