import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { listDataFiles } from '../../data/list-data-files.ts';
import type { DataSpec } from '../../data/spec/data-spec.ts';
import { listModelFiles } from '../../import/list-model-files.ts';
import { hasCode } from './atomic-files.ts';

/** SHA-256 of plain data, whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return digestBytes(JSON.stringify(sorted(value)) ?? 'undefined');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

/** SHA-256 of the parts one behind the other, as 64 hexadecimal digits. */
export function digestBytes(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** SHA-256 of a file's bytes, read in pieces. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), hash);
  return hash.digest('hex');
}

const CHUNK_BYTES = 1 << 20;

/** Of what the importer reads: a file beside the model that is not part of it changes nothing. */
export async function digestModel(file: string): Promise<string> {
  return digestOf(await digestFiles(await listModelFiles(file)));
}

/**
 * Of what a data block means: its fields, and the bytes of the files that its format reads. Where they lie, what else
 * lies there and how much memory examples may take changes nothing.
 */
export async function digestData(spec: DataSpec, folder: string): Promise<string> {
  const { files, meaning } = await listDataFiles(spec, folder);
  return digestOf({ meaning, files: await digestFiles(files) });
}

interface NamedFile {
  readonly name: string;
  readonly path: string;
}

async function digestFiles(files: readonly NamedFile[]): Promise<readonly (readonly [string, string])[]> {
  const digests: (readonly [string, string])[] = [];
  for (const { name, path } of files) digests.push([name, await digestIfThere(path)]);
  return digests;
}

/** A file that is missing, a link that leads nowhere or a device has no bytes: the reader will say so. */
async function digestIfThere(file: string): Promise<string> {
  try {
    return (await stat(file)).isFile() ? await digestFile(file) : 'not a file';
  } catch (error) {
    if (hasCode(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP')) return 'missing';
    throw error;
  }
}
