import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface Bundles {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Targets of `scripts/build.mjs` as they are shipped, with `package.json` in the folder above them; below the project's
 * folder, where their packages are found.
 */
export async function bundle(...targets: readonly [string, ...string[]]): Promise<Bundles> {
  const shipped = path.resolve('out', `test-${targets.join('-')}-${process.pid}`);
  const folder = path.join(shipped, 'dist');
  await promisify(execFile)(process.execPath, ['scripts/build.mjs', `--into=${folder}`, ...targets]);
  await copyFile('package.json', path.join(shipped, 'package.json'));
  return { folder, remove: () => rm(shipped, { recursive: true, force: true }) };
}
