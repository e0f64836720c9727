/**
 * Which process works on a run. Each claim is a folder of its own, `.owner/<number>`, and the highest number counts.
 *
 * A claim is made by renaming a complete folder, which succeeds for one process only and works on every file system.
 * It is never removed: a process that has seen the dead claim 3 can only make claim 4, and fails where another process
 * was quicker. Removing the dead claim first would let a slow process remove a living one.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import { withFileErrors, hasCode } from './atomic-files.ts';

export interface RunOwner {
  /** Id of the process. */
  readonly process: number;
  /** When it started, in the system's own words, where it tells: ids are used again. */
  readonly started?: string | undefined;
}

export type IsAlive = (owner: RunOwner) => boolean;

/** Gives up the claim. At once: a process that has announced the end of its run may be ended. */
export type ReleaseRun = () => void;

interface Claim {
  readonly number: number;
  readonly owner: RunOwner | undefined;
}

const claimsFolder = '.owner';
const claimName = /^\d+$/;
const ownerFile = 'process.json';
/** What `ownerFile` is renamed to: a renaming needs no space on a full disk, and the folder is never empty. */
const releasedFile = 'released.json';

/**
 * @param movedTo where the folder is when the claim is given up, if it is moved before
 * @throws EspalierError `invalid-argument` when a living process works on the run
 */
export async function claimRun(runFolder: string, self: RunOwner, isAlive: IsAlive, movedTo: string = runFolder): Promise<ReleaseRun> {
  for (;;) {
    const { number, owner } = await latestClaim(runFolder);
    if (owner !== undefined && isAlive(owner)) {
      throw new EspalierError('invalid-argument', `this run is going on in process ${owner.process}`, {
        where: path.basename(runFolder),
        fix: 'wait for its end, or cancel it there',
      });
    }
    const name = path.join(claimsFolder, `${number + 1}`);
    if (await makeClaim(path.join(runFolder, name), self)) return () => releaseClaim(path.join(movedTo, name));
  }
}

/** Undefined where no process has claimed the run since it was last released. */
export async function readOwner(runFolder: string): Promise<RunOwner | undefined> {
  return (await latestClaim(runFolder)).owner;
}

/** False where another process has made this claim first. */
function makeClaim(claim: string, self: RunOwner): Promise<boolean> {
  return withFileErrors(claim, async () => {
    const temporary = path.join(path.dirname(claim), `${randomBytes(6).toString('hex')}.tmp`);
    try {
      await mkdir(temporary, { recursive: true });
      await writeFile(path.join(temporary, ownerFile), JSON.stringify(self));
      await rename(temporary, claim);
      return true;
    } catch (error) {
      await rm(temporary, { force: true, recursive: true });
      // Windows reports a folder that exists as EPERM.
      if (hasCode(error) && ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code) && (await exists(claim))) return false;
      throw error;
    }
  });
}

function releaseClaim(claim: string): void {
  try {
    renameSync(path.join(claim, ownerFile), path.join(claim, releasedFile));
  } catch (error) {
    // Released before, or the run was deleted.
    if (!hasCode(error) || error.code !== 'ENOENT') throw error;
  }
}

async function latestClaim(runFolder: string): Promise<Claim> {
  const claims = path.join(runFolder, claimsFolder);
  const names = await readdir(claims).catch((error: unknown) => {
    if (hasCode(error) && error.code === 'ENOENT') return [];
    throw error;
  });
  const number = Math.max(0, ...names.filter((name) => claimName.test(name)).map(Number));
  return { number, owner: await readClaim(path.join(claims, `${number}`)) };
}

/** Undefined where there is no claim, where it was released, and where a power failure has left no complete file. */
async function readClaim(claim: string): Promise<RunOwner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path.join(claim, ownerFile), 'utf8'));
    if (typeof owner !== 'object' || owner === null || !('process' in owner) || typeof owner.process !== 'number') return undefined;
    const started = 'started' in owner && typeof owner.started === 'string' ? owner.started : undefined;
    return { process: owner.process, started };
  } catch (error) {
    if (error instanceof SyntaxError || (hasCode(error) && error.code === 'ENOENT')) return undefined;
    throw error;
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
