import { describe, expect, it } from 'vitest';
import { glorotUniform, heNormal } from '../../../src/core/models/layer-stack.ts';
import { createRandom } from '../../../src/core/random.ts';

const shape = [200, 200];

function moments(data: Float32Array): { readonly mean: number; readonly variance: number; readonly largest: number } {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return { mean, variance, largest: data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) };
}

describe('initial weights', () => {
  it('Glorot uniform has variance 2 / (fan in + fan out) and keeps its bound', () => {
    const { mean, variance, largest } = moments(glorotUniform(createRandom(1))(shape, 30, 70).data);
    expect(Math.abs(mean)).toBeLessThan(0.003);
    expect(variance).toBeCloseTo(2 / 100, 3);
    expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / 100));
    expect(largest).toBeGreaterThan(0.99 * Math.sqrt(6 / 100));
  });

  it('He normal has variance 2 / fan in though its tails are cut off', () => {
    const { mean, variance, largest } = moments(heNormal(createRandom(2))(shape, 50, 999).data);
    expect(Math.abs(mean)).toBeLessThan(0.005);
    expect(variance).toBeCloseTo(2 / 50, 2);
    expect(largest).toBeLessThanOrEqual((2 * Math.sqrt(2 / 50)) / 0.8796);
  });
});
