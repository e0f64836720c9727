import { describe, expect, it } from 'vitest';
import { nearestCentroid } from '../../../src/core/constraints/nearest-centroid.ts';
import type { Codebook } from '../../../src/core/constraints/constraint.ts';
import { createRandom } from '../../../src/core/random.ts';
import { buildCodebook } from '../../../src/core/techniques/clustering/build-codebook.ts';
import { toCentroids } from '../../../src/core/techniques/clustering/cluster-layers.ts';
import { evenLevels } from '../../../src/core/techniques/clustering/even-levels.ts';
import { evenForms } from '../../../src/core/techniques/clustering/value-bits.ts';
import { chooseEncodings } from '../../../src/core/tflite/pack/choose-encodings.ts';
import type { StoredForm } from '../../../src/shared/recipe/clustering-options.ts';

function normal(count: number, seed: number, sparsity = 0): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => (random.next() < sparsity ? 0 : random.normal()));
}

describe('even levels', () => {
  it.each(['packed', 'ethos-u'] as const)('for %s have the error and the bits that they are chosen by', (name) => {
    const form = evenForms[name];
    for (const zeros of [0, 900]) {
      const values = normal(1500, 4).sort();
      const importance = Float32Array.from(values, (_, i) => 0.5 + (i % 3));
      const chosen = evenLevels({ values, importance, zeroPinned: true }, 16, { form, costPerBit: 0.02, zeros });
      expect(chosen).toBeDefined();
      if (chosen === undefined) return;
      const { centroids, costs, step, objective } = chosen;
      const levels = (centroids.length - 1) / 2;
      expect([...centroids].map((centroid) => Math.round(centroid / step))).toEqual(Array.from(centroids, (_, i) => i - levels));
      expect(centroids.length).toBeLessThanOrEqual(15);
      const members = Array.from(centroids, (_, i) => (i === levels ? zeros : 0));
      let error = 0;
      values.forEach((value, i) => {
        const index = nearestCentroid(centroids, 0, centroids.length, value, costs);
        members[index] = (members[index] ?? 0) + 1;
        error += (importance[i] ?? 0) * (value - (centroids[index] ?? 0)) ** 2;
      });
      const bits = form.valueBits(members, levels).reduce((sum, own, i) => sum + own * (members[i] ?? 0), 0);
      expect(objective).toBeCloseTo(error + 0.02 * (bits + form.sideBits(members.length, levels)), 2);
    }
  });

  it('are fewer where a bit is worth more, and none where too few centroids are allowed', () => {
    const values = normal(2000, 5).sort();
    const count = (costPerBit: number): number =>
      evenLevels({ values, zeroPinned: true }, 32, { form: evenForms.packed, costPerBit, zeros: 0 })?.centroids.length ?? 0;
    expect(count(0.2)).toBeLessThan(count(0.01));
    expect(evenLevels({ values, zeroPinned: true }, 4, { form: evenForms.packed, costPerBit: 0.1, zeros: 0 })).toBeUndefined();
  });
});

describe('kernels on the integer grid that are shaped for packed files', () => {
  const shape = [16, 36];
  const kernels = [6, 7, 8].map((seed, i) => normal(16 * 36, seed).map((weight) => weight * [0.02, 0.1, 0.5][i]!));
  const codebookFor = (sizeOf: StoredForm, weights: Float32Array): Codebook => {
    const scales = Float32Array.of(Math.max(...weights.map(Math.abs)) / 127);
    const grid = { granularity: { kind: 'tensor' }, scales } as const;
    const granularity = { kind: 'tensor' } as const;
    const how = { clusters: 16, initialization: 'kmeans++', refine: true, rateWeight: 1, zeroPinned: true } as const;
    return buildCodebook(weights, shape, { ...how, granularity, gradient: 'sum', sizeOf, grid }, createRandom(1));
  };
  const integersFor = (sizeOf: StoredForm): readonly Int8Array[] =>
    kernels.map((weights) => {
      const codebook = codebookFor(sizeOf, weights);
      const round = toCentroids(codebook, shape);
      return Int8Array.from(weights, (weight, i) => Math.round(round(weight, i, 1) / (codebook.units?.scales[0] ?? 1)));
    });
  const encodings = (integers: readonly Int8Array[]) =>
    chooseEncodings(
      integers.map((values) => ({ type: 'int8', values, channels: 1, channelDimension: 'first', zeroPoints: [0] })),
      'small',
    );

  it('have small integers in common, with units that say what a step is worth', () => {
    for (const weights of kernels) {
      const { centroids, units, integers } = codebookFor('packed', weights);
      expect(integers).toBe(true);
      const most = Math.max(...centroids);
      expect([...new Set(centroids)].map(Number)).toEqual(Array.from({ length: 2 * most + 1 }, (_, i) => i - most));
      expect(most).toBeLessThanOrEqual(7);
      expect((units?.scales[0] ?? 0) * (most + 1)).toBeGreaterThanOrEqual(Math.max(...weights.map(Math.abs)) * 0.99);
    }
  });

  it('have one table together, where those for gzip have one each, and are smaller by more than that', () => {
    const tables = (sizeOf: StoredForm): number => new Set(encodings(integersFor(sizeOf)).map((encoding) => encoding?.ancillary)).size;
    const bytes = (sizeOf: StoredForm): number =>
      encodings(integersFor(sizeOf)).reduce((sum, encoding) => sum + (encoding?.encoded.length ?? 0), 0);
    expect(tables('gzip')).toBe(3);
    expect(tables('packed')).toBe(1);
    expect(bytes('packed')).toBeLessThan(bytes('gzip'));
  });
});
