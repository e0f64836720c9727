import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(import.meta.url);

let digest: string | undefined;

/**
 * SHA-256 of the worker's bundle, also where the command line asks from a bundle of its own: both have the same core, and what one
 * of them measured serves the other. Read once: it is megabytes long, and the code in memory stays the same where an update
 * replaces the file.
 */
export function codeDigest(): string {
  digest ??= createHash('sha256').update(readFileSync(workerBundle())).digest('hex');
  return digest;
}

function workerBundle(): string {
  const worker = path.join(path.dirname(bundle), 'worker.cjs');
  return existsSync(worker) ? worker : bundle;
}
