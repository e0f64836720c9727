import { describe, expect, it } from 'vitest';
import { bytesBetween, geometric, linear } from '../../../src/core/sensitivity/interpolation.ts';

describe('a figure between two others', () => {
  it('lies on a line, or on a line in logarithms', () => {
    expect(linear(10, 20, 0.25)).toBe(12.5);
    expect(geometric(0.01, 1, 0.5)).toBeCloseTo(0.1, 12);
    expect(geometric(0.01, 1, 0)).toBe(0.01);
    expect(geometric(0.01, 1, 1)).toBe(1);
  });

  it('lies on a line where a logarithm is not defined', () => {
    expect(geometric(0, 4, 0.25)).toBe(1);
    expect(geometric(4, 0, 0.25)).toBe(3);
  });

  it('has bytes of each kind', () => {
    const [low, high] = [
      { raw: 0, gzip: 10, packed: 20, ethosU: 30 },
      { raw: 100, gzip: 110, packed: 220, ethosU: 330 },
    ];
    expect(bytesBetween(low, high, 0.5)).toEqual({ raw: 50, gzip: 60, packed: 120, ethosU: 180 });
  });
});
