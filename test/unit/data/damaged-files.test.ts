import { expect, it } from 'vitest';
import { dataTargets } from '../../fuzz/data-targets.ts';
import { fuzz } from '../../fuzz/run-fuzz.ts';

/** Decoding a photo takes ten times as long as reading any other file. */
const mutationsOf = (name: string): number => (name === 'jpeg' ? 250 : 2000);

it('a damaged data file of any format ends in examples or an error for its user', async () => {
  const { targets, dispose } = await dataTargets();
  try {
    for (const target of targets) {
      await expect(target.read(target.original), target.name).resolves.not.toThrow();
      const count = mutationsOf(target.name);
      const report = await fuzz(target, count, 1);
      expect(report.failures, target.name).toEqual([]);
      expect(report.accepted + report.refused).toBe(count);
    }
  } finally {
    await dispose();
  }
}, 240_000);
