import { describe, expect, it } from 'vitest';
import { shortScales } from '../../../src/core/quantize/short-scales.ts';
import { weightScales } from '../../../src/core/quantize/weight-quantization.ts';
import { createRandom } from '../../../src/core/random.ts';

const random = createRandom(3);
const scales = Float32Array.from({ length: 64 }, () => 0.1 * random.next() + 1e-6);

describe('the scales of a kernel of many channels', () => {
  it('have 8 significant bits and are off by half of the last at most', () => {
    shortScales(scales, 'nearest').forEach((scale, i) => {
      const significand = scale / 2 ** Math.floor(Math.log2(scale));
      expect(Number.isInteger(significand * 128)).toBe(true);
      expect(Math.abs(scale / scales[i]! - 1)).toBeLessThanOrEqual(2 ** -8);
    });
  });

  it('hold the largest weight where they are rounded up', () => {
    shortScales(scales, 'up').forEach((scale, i) => {
      expect(scale / scales[i]!).toBeGreaterThanOrEqual(1);
      expect(scale / scales[i]!).toBeLessThanOrEqual(1 + 2 ** -7);
    });
  });

  it('are computed by hand: 1 + 3/256 lies between 1 + 1/128 and 1 + 2/128', () => {
    const one = new Float32Array(32).fill(1 + 3 / 256);
    expect(shortScales(one, 'up')[0]).toBe(1 + 2 / 128);
    expect(shortScales(new Float32Array(32).fill(1 + 2.5 / 256), 'nearest')[0]).toBe(1 + 1 / 128);
    expect(shortScales(new Float32Array(32).fill(1 + 1 / 128), 'up')[0]).toBe(1 + 1 / 128);
  });

  it('are as they were where there are few', () => {
    const few = scales.slice(0, 31);
    expect(shortScales(few, 'up')).toEqual(few);
  });

  it('still represent every weight of a kernel within half a step', () => {
    const kernel = Float32Array.from({ length: 64 * 9 }, () => random.normal());
    const { scales: own } = weightScales(kernel, [64, 3, 3, 1], 0);
    kernel.forEach((weight, i) => {
      expect(Math.abs(weight) / own[Math.floor(i / 9)]!).toBeLessThanOrEqual(127.00001);
    });
  });
});
