import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimRun, readOwner } from '../../../src/core/tree/store/run-owner.ts';
import { isAlive, ownIdentity } from '../../../src/worker/process-identity.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const self = { process: 2, started: '20' };

describe('the owner of a run', () => {
  it('is the process that claimed it, until it releases it', async () => {
    const run = temporaryFolder();
    const release = await claimRun(run, self, () => true);
    expect(await readOwner(run)).toEqual(self);
    await expect(claimRun(run, { process: 3 }, () => true)).rejects.toThrow(/this run is going on in process 2; wait for its end/);
    release();
    expect(await readOwner(run)).toBeUndefined();
    await claimRun(run, { process: 3 }, () => true);
    expect(await readOwner(run)).toEqual({ process: 3 });
  });

  it('is replaced when its process has ended without releasing it, and when its file is not complete', async () => {
    const run = temporaryFolder();
    await claimRun(run, { process: 7 }, () => true);
    await claimRun(run, self, ({ process }) => process !== 7);
    expect(await readOwner(run)).toEqual(self);
    writeFileSync(path.join(run, '.owner', '2', 'process.json'), '{"proc');
    await claimRun(run, self, () => true);
    expect(await readOwner(run)).toEqual(self);
  });

  it('is one process where many find a dead owner at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const run = temporaryFolder();
      await claimRun(run, { process: 7 }, () => true);
      const claims = Array.from({ length: 16 }, (_, index) => claimRun(run, { process: 100 + index }, ({ process }) => process !== 7));
      const winners = (await Promise.allSettled(claims)).flatMap(({ status }, index) => (status === 'fulfilled' ? [100 + index] : []));
      expect(winners).toHaveLength(1);
      expect((await readOwner(run))?.process).toBe(winners[0]);
    }
  });

  it('is not removed by a process that releases its own claim late', async () => {
    const run = temporaryFolder();
    const release = await claimRun(run, { process: 7 }, () => true);
    await claimRun(run, self, () => false);
    release();
    release();
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
