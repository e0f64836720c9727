import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLabelledFiles } from '../../../src/core/data/files/labelled-files.ts';
import { speechCommandsSplit } from '../../../src/core/data/formats/audio-folder.ts';

/** From the lists that come with the data set. */
const official = {
  test: [
    'bed/0c40e715_nohash_0.wav',
    'bed/0ea0e2f4_nohash_0.wav',
    'down/022cd682_nohash_0.wav',
    'down/096456f9_nohash_0.wav',
    'right/bb05582b_nohash_3.wav',
  ],
  validation: ['bed/026290a7_nohash_0.wav', 'bed/060cd039_nohash_0.wav', 'bed/099d52ad_nohash_0.wav'],
} as const;

describe('the official split of Speech Commands', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-speech-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('puts recordings where the published lists have them', () => {
    for (const split of ['test', 'validation'] as const)
      expect(official[split].map(speechCommandsSplit)).toEqual(official[split].map(() => split));
  });

  it('keeps all recordings of a speaker together, and about a tenth in each held-back set', () => {
    const splits = Array.from({ length: 4000 }, (_, index) => speechCommandsSplit(`yes/speaker${index}_nohash_0.wav`));
    expect(Array.from({ length: 4000 }, (_, index) => speechCommandsSplit(`no/speaker${index}_nohash_7.wav`))).toEqual(splits);
    for (const split of ['test', 'validation']) {
      const share = splits.filter((name) => name === split).length / splits.length;
      // Four standard deviations of a share of 4,000.
      expect(Math.abs(share - 0.1)).toBeLessThan(0.019);
    }
  });

  it('divides a folder of files', async () => {
    const paths = [...official.test, ...official.validation, 'bed/a_nohash_0.wav'];
    for (const path of paths) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    const found = await findLabelledFiles({ folder: '.' }, folder, { extensions: ['.wav'], splitOf: speechCommandsSplit });
    expect(found.test?.map(({ path }) => path)).toEqual([...official.test]);
    expect(found.validation?.map(({ path }) => path)).toEqual([...official.validation]);
    expect(found.train).toHaveLength(1);
  });
});
