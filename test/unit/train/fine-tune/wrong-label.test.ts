import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../../src/core/data/dataset.ts';
import type { FineTuning } from '../../../../src/core/train/fine-tuning.ts';
import { halves, memoryDataSet } from '../training-fixtures.ts';
import { tune } from './tune.ts';

describe('a wrong label', () => {
  const labelled = (wrong: Readonly<Record<number, number>>, known: boolean): DataSet => {
    const labels = Int32Array.from({ length: 64 }, (_, i) => wrong[i] ?? i % 2);
    const target = { kind: 'classes', classes: 2, names: undefined } as const;
    const data = memoryDataSet([4, 4, 1], target, new Float32Array(64 * 16), labels, new Float32Array(0));
    return known ? { ...data, labels } : data;
  };

  async function attempt(changed: Partial<FineTuning>): Promise<{ error: unknown; steps: number; reads: number }> {
    let [steps, reads] = [0, 0];
    const counted = (data: DataSet | undefined): DataSet | undefined =>
      data && {
        ...data,
        read: (indices, epoch) => {
          reads++;
          return data.read(indices, epoch);
        },
      };
    const error: unknown = await tune({
      batchSize: 1,
      epochs: 1,
      onProgress: () => steps++,
      ...changed,
      train: counted(changed.train) ?? halves(50),
      validation: counted(changed.validation),
    }).catch((reason: unknown) => reason);
    return { error, steps, reads };
  }

  it.each([
    ['too high', { 63: 2 }, 'example 63: label 2'],
    ['negative', { 40: -1 }, 'example 40: label -1'],
    ['the first of several', { 50: 7, 20: 9 }, 'example 20: label 9'],
  ])('is found before the first step and before any example is read: %s', async (_, wrong, which) => {
    const { error, steps, reads } = await attempt({ train: labelled(wrong, true) });
    expect(error).toMatchObject({
      code: 'invalid-data',
      message: `data set "memory": ${which} is outside 0 to 1, the classes of the model; correct the label, or take a model with as many outputs as there are classes`,
    });
    expect([steps, reads]).toEqual([0, 0]);
  });

  it('is found in the validation split too', async () => {
    const { error, steps, reads } = await attempt({ train: labelled({}, true), validation: labelled({ 63: 5 }, true) });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('example 63: label 5 is outside 0 to 1') });
    expect([steps, reads]).toEqual([0, 0]);
  });

  it('is found with its batch where labels are known only then', async () => {
    const { error, reads } = await attempt({ train: labelled({ 63: 2 }, false) });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('label 2 is outside 0 to 1') });
    expect(reads).toBeGreaterThan(0);
  });

  it('is not looked for where there is none', async () => {
    expect(await attempt({ train: labelled({}, true), steps: 2 })).toMatchObject({ error: { steps: 2 } });
  });

  it('cannot be missing', async () => {
    const { error, reads } = await attempt({ train: { ...labelled({}, true), labels: new Int32Array(63) } });
    expect(error).toMatchObject({ code: 'invalid-data', message: expect.stringContaining('it has 63 labels for 64 examples') });
    expect(reads).toBe(0);
  });
});
