import { createReadStream, openSync, statSync, readSync, closeSync, readFileSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { EspalierError } from '../../errors.ts';
import { bytesInMemory, bytesOfFile, ByteStore, memoryBytes, type ByteSource } from './byte-store.ts';
import { fileError } from './file-access.ts';

/** A file's content, decompressed when it is gzip (recognised by content); large files are read in place. */
export async function openBytes(path: string): Promise<ByteSource> {
  try {
    if (isGzip(path)) return await gunzip(path);
    const { size } = statSync(path);
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

async function gunzip(path: string): Promise<ByteSource> {
  const store = new ByteStore();
  try {
    const stream = createReadStream(path);
    const plain = createGunzip();
    stream.on('error', (error) => plain.destroy(error));
    for await (const chunk of stream.pipe(plain)) {
      if (chunk instanceof Uint8Array) store.append(chunk);
    }
    return store.finish(path);
  } catch (error) {
    store.discard();
    throw isZlibError(error) ? damagedGzip(path, error) : error;
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
