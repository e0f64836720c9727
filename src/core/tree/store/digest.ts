import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of plain data, whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)) ?? 'undefined')
    .digest('hex');
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

/** SHA-256 of a file's bytes, or of a folder's names and bytes. Links are followed, as the data's reader follows them. */
export function digestPath(target: string): Promise<string> {
  return digestBelow(target, []);
}

/** @param above real paths of the folders around it: a link back to one of them counts by its name alone */
async function digestBelow(target: string, above: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  if (!(await stat(target)).isDirectory()) {
    await pipeline(createReadStream(target, { highWaterMark: CHUNK_BYTES }), hash);
    return hash.digest('hex');
  }
  const real = await realpath(target);
  if (above.includes(real)) return '';
  const names = (await readdir(target)).filter((name) => !name.startsWith('.')).sort();
  for (const name of names) {
    const inside = path.join(target, name);
    // What leads nowhere has no bytes; its reader will say so.
    const digest = (await exists(inside)) ? await digestBelow(inside, [...above, real]) : '';
    hash.update(`${name}\0${digest}\n`);
  }
  return hash.digest('hex');
}

/** Every file and folder that a data block names, with the digest of its content: one changed byte changes the result. */
export async function digestData(spec: object, folder: string): Promise<string> {
  const found: string[] = [];
  const visit = async (value: unknown): Promise<void> => {
    if (typeof value === 'string') {
      const target = path.resolve(folder, value);
      if (value !== '' && (await exists(target))) found.push(`${value}\0${await digestPath(target)}`);
    } else if (typeof value === 'object' && value !== null) {
      for (const entry of Object.values(value)) await visit(entry);
    }
  };
  await visit(spec);
  return digestOf({ spec, found });
}

async function exists(target: string): Promise<boolean> {
  return stat(target).then(
    () => true,
    () => false,
  );
}

const CHUNK_BYTES = 1 << 20;
