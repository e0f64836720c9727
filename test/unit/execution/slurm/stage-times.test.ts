import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lengthOf, proposeMinutes, StageTimes } from '../../../../src/execution/slurm/stage-times.ts';
import type { StageTime } from '../../../../src/execution/slurm/stage-times.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** 1,000 s, of which 900 s are 9,000 steps of 100 ms. */
const pruning: StageTime = {
  model: 'm',
  technique: 'pruning',
  threads: 2,
  seconds: 1_000,
  training: { steps: 9_000, millisecondsAStep: 100 },
  asked: { epochs: 3, steps: undefined },
};
const nothing = { epochs: undefined, steps: undefined };
const stage = { model: 'm', technique: 'pruning', threads: 2, isTrained: true, asked: { epochs: 3, steps: undefined } };

describe('a proposed time limit', () => {
  it('is three times what the same stage took', () => {
    expect(proposeMinutes([pruning], stage)).toBe(50);
  });

  it('is stretched by the steps, or by the passes over the data', () => {
    // 100 s beside the training and 9,000 steps twice: 1,900 s.
    expect(proposeMinutes([pruning], { ...stage, asked: { epochs: undefined, steps: 18_000 } })).toBe(95);
    expect(proposeMinutes([pruning], { ...stage, asked: { epochs: 6, steps: undefined } })).toBe(95);
    expect(proposeMinutes([pruning], { ...stage, asked: nothing })).toBe(50);
  });

  it('goes by the slowest of the measured ones', () => {
    expect(proposeMinutes([pruning, { ...pruning, seconds: 2_000 }, pruning], stage)).toBe(100);
  });

  it('is that of another trained stage where this one was never measured, and none for another model or other threads', () => {
    expect(proposeMinutes([pruning], { ...stage, technique: 'clustering' })).toBe(50);
    expect(proposeMinutes([pruning], { ...stage, technique: 'ptq', isTrained: false })).toBeUndefined();
    expect(proposeMinutes([pruning], { ...stage, model: 'other' })).toBeUndefined();
    expect(proposeMinutes([pruning], { ...stage, threads: 4 })).toBeUndefined();
    expect(proposeMinutes([], stage)).toBeUndefined();
  });

  it('is at least ten minutes', () => {
    const short: StageTime = { ...pruning, technique: 'ptq', seconds: 4, training: undefined, asked: nothing };
    expect(proposeMinutes([short], { ...stage, technique: 'ptq', isTrained: false, asked: nothing })).toBe(10);
  });

  it('reads the length of the training from the options of the stage', () => {
    expect(lengthOf({ stage: { technique: 'pruning', options: { epochs: 4, steps: 50 } } })).toEqual({ epochs: 4, steps: 50 });
    expect(lengthOf({ stage: { technique: 'baseline' } })).toEqual(nothing);
  });
});

describe('what stages have taken', () => {
  it('is kept with the cache, the latest five of a kind', async () => {
    const folder = path.join(temporaryFolder(), 'cache');
    const times = new StageTimes();
    for (let seconds = 1; seconds <= 8; seconds++) await times.add(folder, { ...pruning, seconds });
    await times.add(folder, { ...pruning, technique: 'ptq', training: undefined });
    const read = await new StageTimes().read(folder);
    expect(read.filter(({ technique }) => technique === 'pruning').map(({ seconds }) => seconds)).toEqual([4, 5, 6, 7, 8]);
    expect(read).toHaveLength(6);
  });

  it('is nothing where the file is missing or damaged, which the next measurement replaces', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'stage-times.json');
    expect(await new StageTimes().read(folder)).toEqual([]);
    writeFileSync(file, '[{"model": 3}]');
    const times = new StageTimes();
    expect(await times.read(folder)).toEqual([]);
    await times.add(folder, pruning);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
  });
});
