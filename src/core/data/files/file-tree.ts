import { createReadStream } from 'node:fs';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { Allowance, type Budget } from '../../budget.ts';
import { EspalierError, isEspalierError } from '../../errors.ts';
import { readRegularFile, requireRegularFile } from '../../regular-file.ts';
import { ByteStore, type ByteSource } from './byte-store.ts';
import { fileError } from './file-access.ts';
import { damagedGzip, isGzip, isZlibError, unpackingBudget, unpackingRemedy } from './open-bytes.ts';

/** The files below a folder, or inside a .tar or .tar.gz. */
export interface FileTree {
  readonly name: string;
  /** Relative paths with forward slashes, sorted. */
  readonly paths: readonly string[];
  read(path: string): Promise<Uint8Array>;
}

/** @param budget of an archive; default: as much as `unpackingBudget` allows */
export async function openFileTree(path: string, budget?: Budget): Promise<FileTree> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return await openFolder(path);
    await requireRegularFile(path);
    return await openArchive(path, budget ?? unpackingBudget(found.size));
  } catch (error) {
    throw fileError(error, path);
  }
}

/** By as many links a folder may be reached: two links in each of thirty folders, to the next, make a billion paths. */
const MOST_VISITS = 100;

async function openFolder(root: string): Promise<FileTree> {
  const paths: string[] = [];
  const visits = new Map<string, number>();
  /** @param above real paths of the folder and those around it */
  const walk = async (folder: string, above: readonly string[]): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (isHidden(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const kind = await kindOf(entry, join(root, path));
      if (kind === 'file') paths.push(path);
      if (kind !== 'folder') continue;
      const real = entry.isSymbolicLink() ? await realpath(join(root, path)) : join(above.at(-1) ?? root, entry.name);
      // A link to a parent folder would never end.
      if (above.includes(real)) continue;
      const visit = (visits.get(real) ?? 0) + 1;
      visits.set(real, visit);
      if (visit > MOST_VISITS)
        throw new EspalierError('invalid-data', `more than ${MOST_VISITS} links lead to the folder ${real}`, {
          where: root,
          fix: 'remove links from the folder of the data',
        });
      await walk(path, [...above, real]);
    }
  };
  await walk('', [await realpath(root)]);
  return {
    name: root,
    paths: paths.sort(),
    read: async (path) => {
      try {
        return await readRegularFile(join(root, path));
      } catch (error) {
        throw fileError(error, join(root, path));
      }
    },
  };
}

/** Links count as what they lead to. One that leads nowhere is a file, which is named when it is read. */
async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (found === undefined || found.isFile()) return 'file';
  return found.isDirectory() ? 'folder' : 'other';
}

interface Entry {
  readonly offset: number;
  readonly size: number;
}

/** One pass over the stream; the files' bytes are kept one behind the other, on disk when they are many. */
async function openArchive(path: string, budget: Budget): Promise<FileTree> {
  const store = new ByteStore();
  const allowance = new Allowance(budget, path, 'invalid-data', unpackingRemedy);
  const entries = new Map<string, Entry>();
  const stream = createReadStream(path);
  try {
    const archive = extract();
    const plain = isGzip(path) ? stream.pipe(createGunzip()) : stream;
    stream.on('error', (error) => archive.destroy(error));
    plain.on('error', (error: Error) => archive.destroy(error));
    // All of the stream counts: names and empty files take memory too.
    const counted = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        try {
          allowance.takeBytes(chunk.length);
          done(null, chunk);
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
    });
    counted.on('error', (error) => archive.destroy(error));
    plain.pipe(counted).pipe(archive);
    for await (const entry of archive) {
      allowance.takeEntries(1, 'files');
      const { name, type } = entry.header;
      const isWanted = type === 'file' && !name.split('/').some(isHidden);
      const offset = store.size;
      for await (const chunk of entry) {
        if (isWanted && chunk instanceof Uint8Array) store.append(chunk.slice());
      }
      if (isWanted) entries.set(name.replace(/^\.\//, ''), { offset, size: store.size - offset });
    }
  } catch (error) {
    stream.destroy();
    store.discard();
    if (isZlibError(error)) throw damagedGzip(path, error);
    if (isEspalierError(error) || (error instanceof Error && 'syscall' in error)) throw error;
    throw new EspalierError('invalid-data', 'it is neither a folder nor a sound .tar or .tar.gz archive', {
      where: path,
      fix: 'name a folder of files, unpack archives of other kinds (.zip, .tar.xz), or download the archive again',
      cause: error,
    });
  }
  return archiveTree(path, store.finish(path), entries);
}

function archiveTree(name: string, bytes: ByteSource, entries: ReadonlyMap<string, Entry>): FileTree {
  return {
    name,
    paths: [...entries.keys()].sort(),
    read: (path) => {
      const entry = entries.get(path);
      if (entry === undefined) return Promise.reject(new EspalierError('file-access', `it holds no file ${path}`, { where: name }));
      return Promise.resolve(bytes.read(entry.offset, entry.size));
    },
  };
}

/** Files of the system (`.DS_Store`, `._x`), not the user's. */
function isHidden(name: string): boolean {
  return name.startsWith('.') && name !== '.';
}
