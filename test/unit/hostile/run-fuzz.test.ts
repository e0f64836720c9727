import { expect, it } from 'vitest';
import { EspalierError } from '../../../src/core/errors.ts';
import { fuzz } from '../../fuzz/run-fuzz.ts';

const original = new Uint8Array(64);
const limits = { milliseconds: 60_000, mebibytes: 60_000 };

it('what is read and what is refused by name is counted, and anything else is a failure', async () => {
  let turn = 0;
  const read = async (): Promise<void> => {
    await Promise.resolve();
    if (turn++ % 3 === 1) throw new EspalierError('invalid-model', 'is damaged', { where: 'model', fix: 'save it again' });
    if (turn % 3 === 0) throw new TypeError('undefined is no object');
  };
  const report = await fuzz({ name: 'every third', original, read }, 9, 1, 0, limits);
  expect(report).toMatchObject({ accepted: 3, refused: 3 });
  expect(report.failures.map(({ mutation }) => mutation)).toEqual([2, 5, 8]);
});

it('a file that takes more processor time or memory than the limits is a failure', async () => {
  const busy = async (): Promise<void> => {
    await Promise.resolve();
    const start = process.cpuUsage().user;
    while (process.cpuUsage(undefined).user - start < 20_000);
  };
  const { failures } = await fuzz({ name: 'busy', original, read: busy }, 1, 1, 0, { ...limits, milliseconds: 10 });
  expect(String(failures[0]?.error)).toMatch(/took \d+ ms and \d+ MiB to read \d+ bytes/);

  const kept: Uint8Array[] = [];
  const large = async (): Promise<void> => {
    await Promise.resolve();
    // Filled, or the system gives it no memory; more than was free below the highest so far.
    const highest = process.resourceUsage().maxRSS * 1024 - process.memoryUsage().rss;
    kept.push(new Uint8Array(Math.max(0, highest) + 2 ** 25).fill(1));
  };
  expect((await fuzz({ name: 'large', original, read: large }, 1, 1, 0, { ...limits, mebibytes: 1 })).failures).toHaveLength(1);
});
