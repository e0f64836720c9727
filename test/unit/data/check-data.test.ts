import { describe, expect, it } from 'vitest';
import { chanceWarning, checkData } from '../../../src/core/data/check-data.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';

function dense(inputs: number, outputs: number): Network {
  const builder = new NetworkBuilder('model');
  const input = builder.input([inputs]);
  return builder.build([builder.dense('dense', input, { kernel: { shape: [outputs, inputs], data: new Float32Array(outputs * inputs) } })]);
}

describe('checking data against a model', async () => {
  const { test } = await openData({ format: 'generated', set: 'digits', trainSize: 10, testSize: 100 }, '.', { seed: 0 });

  it('accepts what fits', async () => {
    expect(await checkData(dense(784, 10), test)).toEqual([]);
  });

  it('refuses another shape and too many classes, with both sides named', async () => {
    await expect(checkData(dense(100, 10), test)).rejects.toThrow(/data are \[28, 28, 1\], but the model takes \[100\]/);
    await expect(checkData(dense(784, 5), test)).rejects.toThrow(/10 classes, but the model has 5 outputs/);
  });

  it('warns of outputs without a class', async () => {
    expect(await checkData(dense(784, 12), test)).toEqual([expect.stringContaining('12 outputs')]);
  });

  it('takes accuracy near chance as a sign of the wrong scale', async () => {
    const accuracy = (top1: number) => ({ top1, top5: undefined, meanSquaredError: undefined, samples: 100, runtime: '' });
    expect(await chanceWarning(accuracy(0.12), test)).toMatch(/scores 12.0% where guessing scores 10.0%.*raw pixels/);
    expect(await chanceWarning(accuracy(0.6), test)).toBeUndefined();
  });
});
