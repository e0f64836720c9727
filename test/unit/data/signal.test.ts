import { describe, expect, it } from 'vitest';
import { createFft } from '../../../src/core/data/audio/fft.ts';
import { createMfcc } from '../../../src/core/data/audio/mfcc.ts';
import { resample } from '../../../src/core/data/audio/resample.ts';
import { resizeImage } from '../../../src/core/data/images/resize.ts';
import { ByteCache } from '../../../src/core/data/prepared-dataset.ts';
import { createRandom } from '../../../src/core/random.ts';

const tone = (hertz: number, rate: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / rate));

describe('signals', () => {
  it('FFT equals the sum that defines it', () => {
    const random = createRandom(2);
    const signal = Float64Array.from({ length: 16 }, () => random.normal());
    const real = signal.slice();
    const imaginary = new Float64Array(16);
    createFft(16).transform(real, imaginary);
    for (let k = 0; k < 16; k++) {
      expect(real[k]).toBeCloseTo(
        signal.reduce((sum, value, n) => sum + value * Math.cos((2 * Math.PI * k * n) / 16), 0),
        10,
      );
      expect(imaginary[k]).toBeCloseTo(
        signal.reduce((sum, value, n) => sum - value * Math.sin((2 * Math.PI * k * n) / 16), 0),
        10,
      );
    }
  });

  it('resampling keeps a tone', () => {
    const expected = tone(440, 16_000, 2000);
    const found = resample(tone(440, 8000, 1000), 8000, 16_000);
    expect(found).toHaveLength(2000);
    for (let n = 100; n < 1900; n++) expect(found[n]).toBeCloseTo(expected[n] ?? 0, 2);
  });

  it('MFCC of silence: every band is log(1e-6), so only the first coefficient differs from zero', () => {
    const mfcc = createMfcc({ sampleRate: 16_000, samples: 16_000 });
    expect([mfcc.frames, mfcc.coefficients]).toEqual([49, 10]);
    const features = mfcc.compute(new Float32Array(16_000));
    // DCT-II of a constant: 2 * 40 * log(1e-6) / sqrt(80).
    expect(features[0]).toBeCloseTo((80 * Math.log(1e-6)) / Math.sqrt(80), 3);
    expect(features.subarray(1, 10).every((value) => Math.abs(value) < 1e-4)).toBe(true);
  });

  it('MFCC do not depend on loudness', () => {
    const mfcc = createMfcc({ sampleRate: 16_000, samples: 16_000 });
    const loud = tone(700, 16_000, 16_000);
    const quiet = mfcc.compute(loud.map((value) => value / 8));
    mfcc.compute(loud).forEach((value, index) => expect(quiet[index]).toBeCloseTo(value, 2));
  });
});

it('shrinking an image averages, enlarging interpolates', () => {
  const image = { height: 1, width: 4, channels: 1, data: Uint8Array.of(0, 0, 200, 200) };
  expect([...resizeImage(image, 1, 4).data]).toEqual([0, 0, 200, 200]);
  // Triangle of reach 2 around x = 1: weights 1/4, 3/4, 3/4, 1/4 over pixels -1 (outside), 0, 1, 2.
  expect([...resizeImage(image, 1, 2).data]).toEqual([Math.round((200 * 0.25) / 1.75), Math.round((200 * 1.5) / 1.75)]);
  expect([...resizeImage({ ...image, width: 2, data: Uint8Array.of(0, 100) }, 1, 4).data]).toEqual([0, 25, 75, 100]);
});

it('the cache stays within its bytes and drops what was used longest ago', () => {
  const cache = new ByteCache(20);
  cache.set(1, new Uint8Array(10));
  cache.set(2, new Uint8Array(10));
  cache.get(1);
  cache.set(3, new Uint8Array(10));
  expect([1, 2, 3].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
  cache.set(4, new Uint8Array(21));
  expect(cache.get(4)).toBeUndefined();
  expect(cache.bytes).toBe(20);
});
