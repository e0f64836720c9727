/**
 * Which process works on a run. Each claim is a folder of its own, `.owner/<number>`, and the highest number counts.
 *
 * A claim is made by renaming a complete folder, which succeeds for one process only and works on every file system.
 * It is never removed: a process that has seen the dead claim 3 can only make claim 4, and fails where another process
 * was quicker. Removing the dead claim first would let a slow process remove a living one.
 *
 * No machine sees the processes of another one, so an owner also writes a heartbeat into its claim. Clocks of machines
 * differ: how long it has been silent is measured on the clock of the file system that all of them use.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { isNumber, isObjectOf, isString, optional, parseChecked } from '../../../shared/checked-json.ts';
import { EspalierError } from '../../errors.ts';
import { notRegular, readRegularFile } from '../../regular-file.ts';
import { hasCode, toFileError, withFileErrors } from './atomic-files.ts';

export interface RunOwner {
  /** Name of the machine. */
  readonly host?: string | undefined;
  /** Id of the process. */
  readonly process: number;
  /** Start time as the system writes it, where it is known: process ids are reused. */
  readonly started?: string | undefined;
}

export interface FoundOwner extends RunOwner {
  /** Milliseconds since the last heartbeat of an owner on another machine; undefined on this one, where processes can be seen. */
  readonly silence?: number | undefined;
}

export type IsAlive = (owner: FoundOwner) => boolean;

/** Gives up the claim. At once: a process that has announced the end of its run may be ended. */
export type ReleaseRun = () => void;

interface Claim {
  readonly number: number;
  readonly owner: FoundOwner | undefined;
}

const claimsFolder = '.owner';
const claimName = /^\d+$/;
const ownerFile = 'process.json';
/** What `ownerFile` is renamed to: a renaming needs no space on a full disk, and the folder is never empty. */
const releasedFile = 'released.json';
const heartbeatFile = 'heartbeat';
const MILLISECONDS_BETWEEN_HEARTBEATS = 30_000;
/** A busy file system, or one that shows the files of other machines late, is no dead owner. */
export const LONGEST_SILENCE = 6 * MILLISECONDS_BETWEEN_HEARTBEATS;

/**
 * @param movedTo where the folder is when the claim is given up, if it is moved before
 * @throws EspalierError `invalid-argument` when a living process works on the run
 */
export async function claimRun(runFolder: string, self: RunOwner, isAlive: IsAlive, movedTo: string = runFolder): Promise<ReleaseRun> {
  for (;;) {
    const { number, owner } = await latestClaim(runFolder);
    if (owner !== undefined && isAlive(owner)) {
      const host = owner.host === undefined || owner.host === self.host ? '' : ` on ${owner.host}`;
      throw new EspalierError('invalid-argument', `this run is going on in process ${owner.process}${host}`, {
        where: path.basename(runFolder),
        fix: 'wait for its end, or cancel it there',
      });
    }
    const name = path.join(claimsFolder, `${number + 1}`);
    if (await makeClaim(path.join(runFolder, name), self)) return keepClaim(path.join(movedTo, name));
  }
}

/** Undefined where no process has claimed the run since it was last released. */
export async function readOwner(runFolder: string): Promise<FoundOwner | undefined> {
  return (await latestClaim(runFolder)).owner;
}

/** False where another process has made this claim first. */
function makeClaim(claim: string, self: RunOwner): Promise<boolean> {
  return withFileErrors(claim, async () => {
    const claims = path.dirname(claim);
    const temporary = path.join(claims, `${randomBytes(6).toString('hex')}.tmp`);
    try {
      await makeClaimsFolder(claims);
      await mkdir(temporary);
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

/** In a run's folder that is there: one that was deleted meanwhile must not come back without its recipe. */
async function makeClaimsFolder(claims: string): Promise<void> {
  try {
    await mkdir(claims);
  } catch (error) {
    if (hasCode(error) && error.code === 'EEXIST') return;
    if (!hasCode(error) || error.code !== 'ENOENT') throw error;
    throw new EspalierError('file-access', 'the run was deleted', {
      where: path.dirname(claims),
      fix: '`espalier runs` lists those that are there',
      cause: error,
    });
  }
}

function keepClaim(claim: string): ReleaseRun {
  const beat = setInterval(() => {
    // On a full or stale file system the next one may succeed. The file is not made again where the run was deleted.
    writeFile(path.join(claim, heartbeatFile), '').catch(() => undefined);
  }, MILLISECONDS_BETWEEN_HEARTBEATS);
  beat.unref();
  return () => {
    clearInterval(beat);
    releaseClaim(claim);
  };
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
    if (isNoClaim(error)) return [];
    throw toFileError(claims, error);
  });
  const number = Math.max(0, ...names.filter((name) => claimName.test(name)).map(Number));
  return { number, owner: await readClaim(path.join(claims, `${number}`)) };
}

/** Undefined where there is no claim, where it was released, and where a power failure has left no complete file. */
async function readClaim(claim: string): Promise<FoundOwner | undefined> {
  try {
    const owner = parseChecked((await readRegularFile(path.join(claim, ownerFile))).toString('utf8'), isOwner);
    const isHere = owner?.host === undefined || owner.host === hostname();
    return isHere ? owner : { ...owner, silence: await silenceOf(claim) };
  } catch (error) {
    if (isNoClaim(error)) return undefined;
    throw toFileError(claim, error);
  }
}

/** Nothing is there, or something that no process has put there. */
function isNoClaim(error: unknown): boolean {
  return hasCode(error) && ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', notRegular].includes(error.code);
}

const isOwner = isObjectOf<RunOwner>({ process: isNumber, started: optional(isString), host: optional(isString) });

/** Both times are the file system's: that of the last heartbeat, or of the claim, and that of a file made now. */
async function silenceOf(claim: string): Promise<number> {
  const written = await modified(path.join(claim, heartbeatFile)).catch(() => modified(path.join(claim, ownerFile)));
  return Math.max(0, (await timeOf(path.dirname(claim))) - written);
}

/** Of the file system; this machine's where it may only be read. */
async function timeOf(folder: string): Promise<number> {
  const probe = path.join(folder, `${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFile(probe, '');
    return await modified(probe);
  } catch (error) {
    if (hasCode(error)) return Date.now();
    throw error;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

async function modified(file: string): Promise<number> {
  return (await stat(file)).mtimeMs;
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
