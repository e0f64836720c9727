/** Reading of what may be a pipe or a device, whose end never comes: only what has a size is read. */
import { readFile as readFileWithCallback, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Takes half of the processor time of `readFile` of `node:fs/promises`. */
const readFile = promisify(readFileWithCallback);

/** Code of the error for what is neither a file nor a folder, beside those of the system. */
export const notRegular = 'ENOTREG';

/** @throws Error with the system's code, or `notRegular` */
export async function readRegularFile(path: string): Promise<Buffer> {
  await requireRegularFile(path);
  return readFile(path);
}

/**
 * Nothing is thrown for a folder: reading it fails with the system's own error.
 *
 * @throws Error with the system's code, or `notRegular`
 */
export async function requireRegularFile(path: string): Promise<void> {
  refuseOthers(await stat(path));
}

/** The same for readers that block. */
export function requireRegularFileSync(path: string): void {
  refuseOthers(statSync(path));
}

function refuseOthers(found: Stats): void {
  if (!found.isFile() && !found.isDirectory()) throw Object.assign(new Error('it is neither a file nor a folder'), { code: notRegular });
}
