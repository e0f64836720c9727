import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EspalierError } from '../../errors.ts';
import { fileError } from './file-access.ts';

/** Bytes that can be read at any place, from memory or from a file. */
export interface ByteSource {
  readonly size: number;
  /** A view or a copy: not to be written to. */
  read(offset: number, length: number): Uint8Array;
}

/** Decompressed data above this are kept in a temporary file rather than in memory. */
export const memoryBytes = 1 << 30;

export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** An open file, read in place: for data that are larger than memory. */
export function bytesOfFile(descriptor: number, size: number, name: string): ByteSource {
  return {
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = readSync(descriptor, bytes, done, length - done, offset + done);
        if (count === 0) throw new EspalierError('invalid-data', 'the file became shorter while it was read', { where: name });
        done += count;
      }
      return bytes;
    },
  };
}

/** Collects bytes of unknown number; past `memoryLimit` they move to a temporary file that vanishes with the process. */
export class ByteStore {
  readonly #memoryLimit: number;
  #chunks: Uint8Array[] = [];
  #descriptor: number | undefined;
  #size = 0;

  constructor(memoryLimit = memoryBytes) {
    this.#memoryLimit = memoryLimit;
  }

  get size(): number {
    return this.#size;
  }

  append(chunk: Uint8Array): void {
    if (this.#descriptor === undefined && this.#size + chunk.length > this.#memoryLimit) {
      this.#descriptor = openTemporaryFile();
      for (const kept of this.#chunks) this.#write(kept);
      this.#chunks = [];
    }
    if (this.#descriptor === undefined) this.#chunks.push(chunk);
    else this.#write(chunk);
    this.#size += chunk.length;
  }

  finish(name: string): ByteSource {
    if (this.#descriptor !== undefined) return bytesOfFile(this.#descriptor, this.#size, name);
    const only = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    return bytesInMemory(only ?? Buffer.concat(this.#chunks, this.#size));
  }

  discard(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#chunks = [];
  }

  #write(chunk: Uint8Array): void {
    if (this.#descriptor === undefined) return;
    try {
      for (let done = 0; done < chunk.length;) done += writeSync(this.#descriptor, chunk, done);
    } catch (error) {
      throw fileError(error, tmpdir());
    }
  }
}

/** Already unlinked: the system frees it when the process ends, however it ends. */
function openTemporaryFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-data-'));
  const path = join(folder, 'bytes');
  const descriptor = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    rmdirSync(folder);
  } catch {
    // Some file systems keep the names of open files; the file then stays until the system cleans its temporary folder.
  }
  return descriptor;
}
