import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { modelTargets } from '../../fuzz/model-targets.ts';
import { fuzz } from '../../fuzz/run-fuzz.ts';

describe('damaged models', () => {
  it('end in a model or a typed error, in the formats that the project writes', async () => {
    const { targets, dispose } = await modelTargets(undefined);
    try {
      for (const target of targets) expect((await fuzz(target, 300, 11)).failures).toEqual([]);
    } finally {
      await dispose();
    }
  }, 60_000);

  it('that do not exist are refused as such', async () => {
    await expect(importModel('/nowhere/model.h5')).rejects.toMatchObject({ code: 'file-access', message: expect.stringMatching(/does not exist.*check the path/) as string });
  });
});
