import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimRun, readOwner, releaseRun } from '../../../src/core/tree/store/run-owner.ts';
import { isAlive, ownIdentity } from '../../../src/worker/process-identity.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const self = { process: 2, started: '20' };

describe('the owner of a run', () => {
  it('is the process that claimed it, until it releases it', async () => {
    const run = temporaryFolder();
    await claimRun(run, self, () => true);
    expect(await readOwner(run)).toEqual(self);
    await expect(claimRun(run, { process: 3 }, () => true)).rejects.toThrow(/this run is going on in process 2; wait for its end/);
    releaseRun(run);
    expect(await readOwner(run)).toBeUndefined();
    await claimRun(run, { process: 3 }, () => true);
    expect(await readOwner(run)).toEqual({ process: 3 });
  });

  it('is replaced when it has ended without a word, and when it was cut off while writing', async () => {
    const run = temporaryFolder();
    await claimRun(run, { process: 7 }, () => true);
    await claimRun(run, self, ({ process }) => process !== 7);
    expect(await readOwner(run)).toEqual(self);
    writeFileSync(path.join(run, 'owner.json'), '{"proc');
    await claimRun(run, self, () => true);
    expect(await readOwner(run)).toEqual(self);
  });
});

describe('isAlive', () => {
  it('knows this process', () => {
    expect(isAlive(ownIdentity())).toBe(true);
  });

  it('knows that there is no such process', () => {
    expect(isAlive({ process: 2 ** 22 + 1 })).toBe(false);
  });

  it.runIf(existsSync('/proc/self/stat'))('is not taken in by a process that got the id later', () => {
    expect(isAlive({ process: process.pid, started: '1' })).toBe(false);
  });
});
