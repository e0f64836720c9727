/** Decoded and resized examples on disk, by content: stages, processes and threads decode each photo once. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Each file starts with so many bytes of the SHA-256 of its key and the rest: a damaged one, or that of another key, is not used. */
const digestBytes = 16;
const mostBytes = 4e9;
/** Of the free space and what the folder takes together. */
const shareOfDisk = 0.25;
/** Other processes write too, so the folder is measured again after so much. */
const measuredAfterBytes = 256e6;
const temporaryPrefix = '.part-';

/** Content is addressed by digests, so that any number of processes can share a folder. Nothing here throws: without room on the disk, or rights, examples are decoded again. */
export class KeptExamples {
  readonly #folder: string;
  readonly #mostBytes: number;
  #room: Promise<number> | undefined;
  #written = 0;
  #isFull = false;

  /** @param limit of the folder's bytes; a quarter of the disk's free space where that is less */
  constructor(folder: string, limit = mostBytes) {
    this.#folder = folder;
    this.#mostBytes = limit;
  }

  /** @returns undefined where there is none of this length, or a damaged one */
  async get(key: string, length: number): Promise<Uint8Array | undefined> {
    const file = await readFile(this.#fileOf(key)).catch(() => undefined);
    if (file?.length !== digestBytes + length) return undefined;
    // A copy without the digest, since caches count a view's whole buffer.
    const example = new Uint8Array(file.subarray(digestBytes));
    return digestOf(key, example).equals(file.subarray(0, digestBytes)) ? example : undefined;
  }

  async put(key: string, example: Uint8Array): Promise<void> {
    if (this.#isFull) return;
    const room = await (this.#room ??= this.#measure());
    this.#written += example.length + digestBytes;
    if (this.#written > room) {
      this.#isFull = true;
      return;
    }
    if (this.#written > measuredAfterBytes) {
      this.#written = 0;
      this.#room = undefined;
    }
    const file = this.#fileOf(key);
    const temporary = path.join(path.dirname(file), `${temporaryPrefix}${randomBytes(6).toString('hex')}`);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(temporary, [digestOf(key, example), example]);
      await rename(temporary, file);
    } catch {
      this.#isFull = true;
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  #fileOf(key: string): string {
    return path.join(this.#folder, key.slice(0, 2), key.slice(2));
  }

  /** Removes the oldest files where the folder is nearly full. @returns the bytes that may be written */
  async #measure(): Promise<number> {
    try {
      await mkdir(this.#folder, { recursive: true });
      const files = (await filesIn(this.#folder)).toSorted((a, b) => a.time - b.time);
      let used = files.reduce((sum, { bytes }) => sum + bytes, 0);
      const { bavail, bsize } = await statfs(this.#folder);
      const limit = Math.min(this.#mostBytes, (used + bavail * bsize) * shareOfDisk);
      // Half is kept, so that this is not done for each example.
      if (used > limit * 0.75) {
        for (const { file, bytes } of files) {
          if (used <= limit / 2) break;
          await rm(file, { force: true });
          used -= bytes;
        }
      }
      return limit - used;
    } catch {
      return 0;
    }
  }
}

interface KeptFile {
  readonly file: string;
  readonly bytes: number;
  readonly time: number;
}

async function filesIn(folder: string): Promise<readonly KeptFile[]> {
  const kept: KeptFile[] = [];
  for (const group of await readdir(folder)) {
    const names = await readdir(path.join(folder, group)).catch(() => []);
    // One after the other they take seconds in a full folder, and the first photo waits for them.
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(folder, group, name);
        // Another process may remove it meanwhile.
        const found = await stat(file).catch(() => undefined);
        return found === undefined ? [] : [{ file, bytes: found.size, time: found.mtimeMs }];
      }),
    );
    kept.push(...files.flat());
  }
  return kept;
}

function digestOf(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(bytes).digest().subarray(0, digestBytes);
}
