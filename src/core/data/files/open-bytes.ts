import { createReadStream, openSync, statSync, readSync, closeSync, readFileSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Allowance, type Budget } from '../../budget.ts';
import { EspalierError } from '../../errors.ts';
import { requireRegularFile } from '../../regular-file.ts';
import { bytesInMemory, bytesOfFile, ByteStore, memoryBytes, type ByteSource } from './byte-store.ts';
import { fileError } from './file-access.ts';

/**
 * What a compressed file may unpack to: 20 times its size, or 2 GiB where that is more. Published data sets unpack to
 * less than ten times their size; a file of zeros could fill the disk.
 *
 * @param size of the compressed file
 */
export function unpackingBudget(size: number): Budget {
  return { bytes: Math.max(2 ** 31, 20 * size), entries: Math.max(10_000, size / 16), nesting: Infinity };
}

export const unpackingRemedy = 'unpack it by hand and name what came out, if it is what you want';

/**
 * A file's content, decompressed when it is gzip (recognised by content); large files are read in place.
 *
 * @param budget of what is decompressed; default: as much as `unpackingBudget` allows
 */
export async function openBytes(path: string, budget?: Budget): Promise<ByteSource> {
  try {
    await requireRegularFile(path);
    const { size } = statSync(path);
    if (isGzip(path)) return await gunzip(path, budget ?? unpackingBudget(size));
    return size > memoryBytes ? bytesOfFile(openSync(path, 'r'), size, path) : bytesInMemory(readFileSync(path));
  } catch (error) {
    throw fileError(error, path);
  }
}

export function isGzip(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const magic = new Uint8Array(2);
    return readSync(descriptor, magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    closeSync(descriptor);
  }
}

async function gunzip(path: string, budget: Budget): Promise<ByteSource> {
  const store = new ByteStore();
  const allowance = new Allowance(budget, path, 'invalid-data', unpackingRemedy);
  const stream = createReadStream(path);
  try {
    const plain = createGunzip();
    stream.on('error', (error) => plain.destroy(error));
    for await (const chunk of stream.pipe(plain)) {
      if (!(chunk instanceof Uint8Array)) continue;
      allowance.takeBytes(chunk.length);
      store.append(chunk);
    }
    return store.finish(path);
  } catch (error) {
    store.discard();
    throw isZlibError(error) ? damagedGzip(path, error) : error;
  } finally {
    // A pipe whose end fails leaves its source open.
    stream.destroy();
  }
}

export function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^Z_/.test(error.code);
}

export function damagedGzip(path: string, cause: unknown): EspalierError {
  return new EspalierError('invalid-data', 'the gzip data are damaged or cut short', {
    where: path,
    fix: 'download or compress the file again',
    cause,
  });
}
