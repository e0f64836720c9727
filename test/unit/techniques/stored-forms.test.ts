/** What a bit of each stored form is: by hand, against the encoders, and that centroids chosen for a form are the better ones for it. */
import { describe, expect, it } from 'vitest';
import { nearestCentroid } from '../../../src/core/constraints/nearest-centroid.ts';
import { encodedStreamBytes } from '../../../src/core/hardware/ethos-u/weight-stream.ts';
import { createRandom } from '../../../src/core/random.ts';
import { chooseCentroids } from '../../../src/core/techniques/clustering/choose-centroids.ts';
import { valueBits } from '../../../src/core/techniques/clustering/value-bits.ts';
import { huffmanScheme } from '../../../src/core/tflite/pack/huffman.ts';
import type { PackableTensor } from '../../../src/core/tflite/pack/packable-tensor.ts';
import type { StoredForm } from '../../../src/shared/recipe/clustering-options.ts';

const forms: readonly StoredForm[] = ['gzip', 'packed', 'ethos-u'];

/** The values -2, -1, 0, … as often as each count says, in random order. */
function shuffled(counts: readonly number[], zero: number, seed = 1): Int8Array {
  const values = counts.flatMap((count, i) => new Array<number>(count).fill(i - zero));
  const random = createRandom(seed);
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
  return Int8Array.from(values);
}

const total = (counts: readonly number[], bits: readonly number[]): number =>
  counts.reduce((sum, count, i) => sum + count * (bits[i] ?? 0), 0);

describe('the bits of a value', () => {
  it('in gzip are those of an ideal entropy code', () => {
    expect(valueBits.gzip([8, 4, 2, 2], 0)).toEqual([1, 2, 3, 3]);
    expect(valueBits.gzip([16, 0], -1)).toEqual([-0, 4]);
  });

  it('packed are a Huffman word and a part of the tables, or an index where tables would cost more', () => {
    // 28 bits of words and four entries of 24 bits are more than 16 indices of 2 bits and four bytes.
    expect(valueBits.packed([8, 4, 2, 2], 0)).toEqual([3, 4, 6, 6]);
    expect(valueBits.packed([800, 400, 200, 200], 0)).toEqual([1.03, 2.06, 3.12, 3.12]);
  });

  it('for an Ethos-U are an index by frequency, with runs of zeros where these are many', () => {
    expect(valueBits['ethos-u']([5, 5, 5, 5], -1)).toEqual([2, 2, 2, 2]);
    // Unary: 1 bit for the most frequent, 2 for the next, …
    expect(valueBits['ethos-u']([4, 64, 16, 1], -1)).toEqual([3, 1, 2, 4]);
    // Runs of 5 on average in Golomb-Rice codes of parameter 2: a quarter of a bit for each further zero.
    expect(valueBits['ethos-u']([10, 100, 10], 1)).toEqual([4, 0.25, 4]);
  });

  it.each([
    [[30, 80, 900, 80, 30], 2],
    [[200, 300, 400, 300, 200, 100, 50, 25], 3],
    [[64, 64, 64, 64, 64, 64, 64, 64], 4],
    [[5, 10, 2000, 40, 20, 10], 2],
  ])('add up to what the encoders make of %j', (counts, zero) => {
    const values = shuffled(counts, zero);
    const encoded = 8 * encodedStreamBytes(Int16Array.from(values));
    const npu = total(counts, valueBits['ethos-u'](counts, zero));
    // Headers and the end of the stream take up to 40 bytes.
    expect(encoded - npu).toBeLessThan(0.06 * npu + 320);
    expect(encoded - npu).toBeGreaterThan(-0.06 * npu);
    const tensor: PackableTensor = { type: 'int8', values, channels: 1, channelDimension: 'first', zeroPoints: [0] };
    const words = 8 * (huffmanScheme.encode(tensor)?.encoded.length ?? 0);
    const packed = total(counts, valueBits.packed(counts, zero)) - 24 * counts.length;
    expect(packed).toBeLessThanOrEqual(words);
  });
});

describe('centroids chosen for a form', () => {
  const random = createRandom(3);
  const kernels = [0, 0.5, 0.8].map((sparsity, kernel) =>
    Float32Array.from({ length: [300, 3000, 12_000][kernel] ?? 0 }, () => (random.next() < sparsity ? 0 : random.normal() * 0.1)),
  );
  const choice = { clusters: 16, initialization: 'kmeans++', zeroPinned: true, refine: true, rateWeight: 1 } as const;

  /** Squared error, and bits in a form, of weights on their centroids. */
  const outcome = (weights: Float32Array, form: StoredForm, measured: StoredForm): readonly [number, number] => {
    const { centroids, costs } = chooseCentroids(weights, undefined, { ...choice, sizeOf: form }, createRandom(1));
    const counts = new Array<number>(centroids.length).fill(0);
    let error = 0;
    for (const weight of weights) {
      const index = weight === 0 ? centroids.indexOf(0) : nearestCentroid(centroids, 0, centroids.length, weight, costs);
      counts[index] = (counts[index] ?? 0) + 1;
      error += (weight - (centroids[index] ?? 0)) ** 2;
    }
    return [error, total(counts, valueBits[measured](counts, centroids.indexOf(0)))];
  };

  /** What a bit is worth: 2 ln 2 of the squared error of a weight without regard to bits (Gray & Neuhoff 1998). */
  const errorOfBit = (weights: Float32Array): number => {
    const { centroids } = chooseCentroids(weights, undefined, { ...choice, rateWeight: 0 }, createRandom(1));
    const values = weights.filter((weight) => weight !== 0);
    const error = values.reduce(
      (sum, value) => sum + (value - (centroids[nearestCentroid(centroids, 0, centroids.length, value)] ?? 0)) ** 2,
      0,
    );
    return (2 * Math.LN2 * error) / values.length;
  };

  it.each(forms.slice(1))('for %s take fewer bits there than those for gzip, by more than the error that they add is worth', (form) => {
    let [own, gzip] = [0, 0];
    for (const weights of kernels) {
      const worth = errorOfBit(weights);
      const [ownError, ownBits] = outcome(weights, form, form);
      const [gzipError, gzipBits] = outcome(weights, 'gzip', form);
      expect(ownError + worth * ownBits).toBeLessThanOrEqual((gzipError + worth * gzipBits) * (1 + 1e-6));
      own += ownBits;
      gzip += gzipBits;
    }
    expect(own).toBeLessThan(gzip);
  });

  it('are those for gzip where nothing is said', () => {
    for (const weights of kernels)
      expect(chooseCentroids(weights, undefined, choice, createRandom(1))).toEqual(
        chooseCentroids(weights, undefined, { ...choice, sizeOf: 'gzip' }, createRandom(1)),
      );
  });
});
