import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import { notRegular } from '../../regular-file.ts';

/** Writes a file under another name, flushes it, then renames it: readers see the whole file or none. */
export async function writeFileAtomically(file: string, contents: Uint8Array | string): Promise<void> {
  const temporary = temporaryName(file);
  await withFileErrors(file, async () => {
    try {
      await writeFlushed(temporary, contents);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** The folder that a file is to be written into, made where it is not there. */
export async function makeFolderOf(file: string): Promise<void> {
  await makeFolder(path.dirname(file));
}

/** A folder with those above it. */
export async function makeFolder(folder: string): Promise<void> {
  await withFileErrors(folder, async () => {
    try {
      await mkdir(folder, { recursive: true });
    } catch (error) {
      throw hasCode(error) && error.code === 'ENOENT' ? await reasonAbove(folder, error) : error;
    }
  });
}

/** Of several missing folders Node reports the last one as missing, whatever is wrong with the first: a read-only disk, for example. */
async function reasonAbove(folder: string, error: unknown): Promise<unknown> {
  for (let above = path.dirname(folder); above !== path.dirname(above); above = path.dirname(above)) {
    try {
      await mkdir(above);
      return error;
    } catch (reason) {
      if (hasCode(reason) && reason.code === 'EEXIST') return error;
      if (!hasCode(reason) || reason.code !== 'ENOENT') return reason;
    }
  }
  return error;
}

/**
 * Creates a folder of files under another name and renames it when it is complete. If another process was first, its
 * folder stays: both hold the same.
 */
export async function writeFolderAtomically(folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  await fillFolderAtomically(folder, async (temporary) => {
    for (const [name, contents] of files) await writeFlushed(path.join(temporary, name), contents);
  });
}

/** The same for what `fill` writes into the folder that it is given. */
export async function fillFolderAtomically(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryName(folder);
  await withFileErrors(folder, async () => {
    try {
      await mkdir(temporary, { recursive: true });
      await fill(temporary);
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { force: true, recursive: true });
      if (!(await isTaken(error, folder))) throw error;
    }
  });
}

/** Removed at one moment, under another name, so that no reader sees half of it; nothing happens where there is nothing. */
export async function removeFolderAtomically(folder: string): Promise<void> {
  const temporary = temporaryName(folder);
  await withFileErrors(folder, async () => {
    try {
      await rename(folder, temporary);
    } catch (error) {
      if (hasCode(error) && error.code === 'ENOENT') return;
      throw error;
    }
    await rm(temporary, { recursive: true, force: true });
  });
}

/** Before the extension of a long name, the name is cut: file systems allow 255 bytes. */
const MOST_NAME_LENGTH = 200;

function temporaryName(target: string): string {
  const name = path.basename(target).slice(0, MOST_NAME_LENGTH);
  return path.join(path.dirname(target), `.${name}.${randomBytes(6).toString('hex')}.tmp`);
}

const temporaryPattern = /^\..*\.[0-9a-f]{12}\.tmp$/;

/** Whether a file or folder is one that a killed process left half written, or half removed. */
export function isTemporary(name: string): boolean {
  return temporaryPattern.test(name);
}

/**
 * Removes what killed processes left half written below a folder.
 *
 * @param olderThan milliseconds since its last change: what is younger may belong to a process at work; 0 removes all, also
 * what a file server with a clock ahead of this one's has
 */
export async function removeLeftovers(folder: string, olderThan: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const target = path.join(folder, entry.name);
    if (isTemporary(entry.name)) {
      const changed = await stat(target).catch(() => undefined);
      const isOld = changed !== undefined && Date.now() - changed.mtimeMs >= olderThan;
      if (olderThan === 0 || isOld) await rm(target, { recursive: true, force: true });
    } else if (entry.isDirectory()) await removeLeftovers(target, olderThan);
  }
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

/** Windows refuses to rename onto a folder with a lack of permission. */
async function isTaken(error: unknown, folder: string): Promise<boolean> {
  if (!hasCode(error)) return false;
  if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return true;
  return (
    error.code === 'EPERM' &&
    stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    )
  );
}

export function hasCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

const reasons: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ENOSPC: ['the disk is full', 'free some space (`espalier clean` shows what the runs take)'],
  EDQUOT: ['the disk quota is used up', 'free some space (`espalier clean` shows what the runs take)'],
  EISDIR: ['is a folder', 'give the name of a file'],
  EEXIST: ['a file stands in the place of a folder', 'remove it'],
  [notRegular]: ['is neither a file nor a folder', 'remove it'],
  ELOOP: ['is a link that leads back to itself', 'remove it'],
  EIO: ['the disk cannot be read or written', 'check the disk'],
  EMFILE: ['too many files are open', 'raise the limit (`ulimit -n`)'],
  EACCES: ['no permission to write', 'change the permissions or use another folder'],
  EPERM: ['no permission to write', 'change the permissions or use another folder'],
  EROFS: ['the file system is read-only', 'use a folder that can be written'],
  ENOENT: ['the folder does not exist', 'make it first, or use another one'],
  ENOTDIR: ['a part of the path is a file', 'use another folder'],
};

/** Runs work on files; its failures become errors that say what to do. */
export async function withFileErrors<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFileError(where, error);
  }
}

/** The failure as an error that says what to do, where it is one that a user can act on. */
export function toFileError(where: string, error: unknown): unknown {
  const reason = hasCode(error) ? reasons[error.code] : undefined;
  return reason === undefined ? error : new EspalierError('file-access', reason[0], { where, fix: reason[1], cause: error });
}
