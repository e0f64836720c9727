/** A run whose disk fills up at any one of its writes, for a moment or until the run ends, and that goes on when there is space. */
import type * as FileSystem from 'node:fs';
import type * as FilePromises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyStore } from '../../../src/core/tree/operations/verify-store.ts';
import { smallRun, smallTreeNodes } from '../../support/small-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Writes are counted; those from `first` to `last` find no space and leave half of what they had to write. */
const disk = vi.hoisted(() => {
  const state = { writes: 0, first: Infinity, last: Infinity };
  return {
    state,
    isFull: (): boolean => {
      state.writes++;
      return state.writes >= state.first && state.writes <= state.last;
    },
    error: (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }),
  };
});

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    appendFileSync(file: number, bytes: Buffer) {
      const isFull = disk.isFull();
      fs.appendFileSync(file, isFull ? bytes.subarray(0, bytes.length >> 1) : bytes);
      if (isFull) throw disk.error();
    },
  };
});
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FilePromises>();
  const unlessFull =
    <Arguments extends readonly unknown[], Result>(work: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      if (disk.isFull()) throw disk.error();
      return work(...args);
    };
  /** Flushing is left out: it takes most of the time, and no power is lost here. */
  const counted = (handle: FileHandle): object => ({
    read: handle.read.bind(handle),
    stat: handle.stat.bind(handle),
    sync: () => Promise.resolve(),
    close: () => handle.close(),
    writeFile: async (contents: Uint8Array | string) => {
      const bytes = Buffer.from(contents);
      const isFull = disk.isFull();
      await handle.writeFile(isFull ? bytes.subarray(0, bytes.length >> 1) : bytes);
      if (isFull) throw disk.error();
    },
  });
  return {
    ...fs,
    mkdir: unlessFull(fs.mkdir),
    rename: unlessFull(fs.rename),
    writeFile: unlessFull(fs.writeFile),
    open: async (file: string, flags?: string) => counted(await fs.open(file, flags)),
  };
});

function setDisk(first = Infinity, last = Infinity): void {
  Object.assign(disk.state, { writes: 0, first, last });
}
afterEach(() => setDisk());

const context = { threadScript: undefined, signal: new AbortController().signal, onProgress: () => undefined };

/** The .tflite of each node, as its run has it. */
function files(runFolder: string): Readonly<Record<string, string>> {
  const names = readdirSync(runFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tflite'));
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(path.join(runFolder, name)).toString('base64')]));
}

describe('a run whose disk is full at one of its writes', () => {
  it('ends as an undisturbed one when it goes on', async () => {
    setDisk();
    const calm = await smallRun(temporaryFolder(), 'run');
    const writes = disk.state.writes;
    const expected = files(calm.runFolder);
    expect(Object.keys(expected)).toHaveLength(smallTreeNodes.length);
    expect(writes).toBeGreaterThan(15);
    for (let first = 1; first <= writes; first++) {
      const folder = temporaryFolder();
      // Every other time there is no space until the run has ended.
      setDisk(first, first % 2 === 0 ? first : Infinity);
      const failure = await smallRun(folder, 'run').then(
        () => undefined,
        (error: unknown) => error,
      );
      // Where the run cannot even be written down it ends with what to do; it never ends with something untyped.
      if (failure !== undefined) expect(String(failure), `write ${first}`).toMatch(/the disk is full|no space left/);
      setDisk();
      const resumed = await smallRun(folder, 'run');
      expect(files(resumed.runFolder), `write ${first}`).toEqual(expected);
      expect([...resumed.finished.keys()].toSorted(), `write ${first}`).toEqual([...smallTreeNodes].toSorted());
      const { runs, cache } = await verifyStore(folder, { accuracy: false, context });
      expect([...runs.flatMap(({ problems }) => problems), ...(cache?.problems ?? [])], `write ${first}`).toEqual([]);
    }
  }, 120_000);
});
