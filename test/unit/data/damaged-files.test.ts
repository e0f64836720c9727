import { expect, it } from 'vitest';
import { dataTargets } from '../../fuzz/data-targets.ts';
import { fuzz } from '../../fuzz/run-fuzz.ts';

it('a damaged data file of any format ends in examples or an error for its user', async () => {
  const { targets, dispose } = await dataTargets();
  try {
    for (const target of targets) {
      await expect(target.read(target.original), target.name).resolves.not.toThrow();
      const report = await fuzz(target, 150, 1);
      expect(report.failures, target.name).toEqual([]);
      expect(report.accepted + report.refused).toBe(150);
    }
  } finally {
    await dispose();
  }
});
