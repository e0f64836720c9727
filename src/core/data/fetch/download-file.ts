import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { EspalierError } from '../../errors.ts';
import { requireRegularFile } from '../../regular-file.ts';
import { fileError } from '../files/file-access.ts';
import type { DataSetFile } from './catalogue.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Bytes received so far; the total is undefined where the server does not state it. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
}

/**
 * Downloads a file to `path`. Received bytes are kept in `<path>.part`, so that an interrupted download resumes; the
 * file gets its name when its checksum is right.
 *
 * @throws EspalierError `file-access` when the server is out of reach or refuses, `invalid-data` for a wrong checksum
 * (the part is then deleted), `cancelled`
 */
export async function downloadFile(file: DataSetFile, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  try {
    await receive(file.url, part, options);
  } catch (error) {
    if (options.signal.aborted)
      throw new EspalierError('cancelled', `the download of ${file.name} was cancelled; the same command goes on with it`);
    throw error;
  }
  if (!(await hasDigest(part, file.sha256))) {
    await rm(part, { force: true });
    throw new EspalierError('invalid-data', `what was downloaded is not the published file (its SHA-256 differs)`, {
      where: file.url,
      fix: 'try again; a proxy may have answered in its place',
    });
  }
  await rename(part, path).catch((error: unknown) => {
    throw fileError(error, path);
  });
}

/** @throws EspalierError `file-access` for what cannot be read, such as a folder of that name */
export async function hasDigest(path: string, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await requireRegularFile(path);
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw fileError(error, path);
  }
  return hash.digest('hex') === sha256;
}

/** Refuses plain HTTP, where others could answer for the server, except from this machine. */
function requireSecure(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))) return;
  throw new EspalierError('file-access', 'is not an https address', { where: url, fix: 'name a source that is reached over https' });
}

export async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function receive(url: string, part: string, { signal, onProgress }: DownloadOptions): Promise<void> {
  const have = (await sizeOf(part)) ?? 0;
  let response = await request(url, have, signal);
  if (response.status === 416) {
    // The part has at least the length of the file: the checksum decides if it is equal, else the download starts again.
    if (response.headers.get('content-range') === `bytes */${have}`) return;
    response = await request(url, 0, signal);
  }
  // The address after redirections.
  if (response.url !== '') requireSecure(response.url);
  if (!response.ok || response.body === null)
    throw new EspalierError('file-access', `the server answers ${response.status} ${response.statusText}`.trim(), { where: url });
  const resumed = response.status === 206;
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : Number(length) + (resumed ? have : 0);
  let received = resumed ? have : 0;
  const output = await open(part, resumed ? 'a' : 'w').catch((error: unknown) => {
    throw fileError(error, part);
  });
  try {
    for await (const chunk of chunksOf(response.body, url)) {
      await output.appendFile(chunk).catch((error: unknown) => {
        throw fileError(error, part);
      });
      received += chunk.length;
      onProgress?.(received, total);
    }
  } finally {
    await output.close();
  }
  if (total !== undefined && received < total)
    throw new EspalierError('file-access', `the connection broke off after ${received} of ${total} bytes`, {
      where: url,
      fix: 'run the same command again: it goes on from there',
    });
}

async function* chunksOf(body: ReadableStream<Uint8Array>, url: string): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw unreachableServer(url, error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

async function request(url: string, from: number, signal: AbortSignal): Promise<Response> {
  requireSecure(url);
  try {
    return await fetch(url, { signal, ...(from === 0 ? {} : { headers: { range: `bytes=${from}-` } }) });
  } catch (error) {
    throw unreachableServer(url, error);
  }
}

function unreachableServer(url: string, error: unknown): EspalierError {
  const cause =
    error instanceof Error && error.cause instanceof Error ? error.cause.message : error instanceof Error ? error.message : String(error);
  return new EspalierError('file-access', `the server cannot be reached (${cause})`, { where: url, cause: error });
}
