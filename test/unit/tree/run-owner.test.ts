import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

describe('an owner on another machine', () => {
  afterEach(() => vi.useRealTimers());
  const elsewhere = { host: 'login2', process: process.pid };
  const HOUR = 3_600_000;

  /** Moves the heartbeat of the first claim, on the clock of the file system. */
  const silentFor = (run: string, milliseconds: number): void => {
    const file = path.join(run, '.owner', '1', 'heartbeat');
    writeFileSync(file, '');
    const time = statSync(file).mtimeMs - milliseconds;
    utimesSync(file, time / 1_000, time / 1_000);
  };

  it('is alive as long as its heart beats, whatever processes there are here', async () => {
    const run = temporaryFolder();
    await claimRun(run, elsewhere, isAlive);
    silentFor(run, 60_000);
    await expect(claimRun(run, ownIdentity(), isAlive)).rejects.toThrow(
      new RegExp(`this run is going on in process ${process.pid} on login2; wait for its end, or cancel it there`),
    );
    silentFor(run, 600_000);
    await claimRun(run, ownIdentity(), isAlive);
    expect(await readOwner(run)).toEqual(ownIdentity());
    // What was written to read the clock of the file system is gone.
    expect(readdirSync(path.join(run, '.owner')).toSorted()).toEqual(['1', '2']);
  });

  it('is judged on the clock of the file system, however wrong those of the machines are', async () => {
    const run = temporaryFolder();
    await claimRun(run, elsewhere, isAlive);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * HOUR });
    const owner = await readOwner(run);
    expect(owner?.silence).toBeLessThan(60_000);
    vi.setSystemTime(Date.now() - 10 * HOUR);
    silentFor(run, HOUR);
    expect((await readOwner(run))?.silence).toBeGreaterThan(HOUR - 60_000);
  });

  it('writes its heartbeat until it gives up the run', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const run = temporaryFolder();
    const heartbeat = path.join(run, '.owner', '1', 'heartbeat');
    const release = await claimRun(run, elsewhere, isAlive);
    expect(existsSync(heartbeat)).toBe(false);
    vi.advanceTimersByTime(30_000);
    await expect.poll(() => existsSync(heartbeat), { timeout: 30_000 }).toBe(true);
    release();
    expect(vi.getTimerCount()).toBe(0);
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
