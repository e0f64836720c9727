import { describe, expect, it } from 'vitest';
import { allocateAlone, allocateTogether, bytesOf, divergenceOf, keepsAll } from '../../../src/core/search/allocate-together.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { ChoiceSensitivity } from '../../../src/shared/sensitivity.ts';

function choice(divergence: number, gzip: number, raw: number): ChoiceSensitivity {
  return { sparsity: 0, clusters: 0, bits: 8, divergence, measured: true, bytes: { raw, gzip, packed: 0, ethosU: 0 }, cycles: {} };
}

const sizes = (gzip: number, raw: number) =>
  [
    { count: 'gzip', bytes: gzip },
    { count: 'raw', bytes: raw },
  ] as const;

describe('choices that keep two sizes', () => {
  it('are found where those for each size alone exceed the other', () => {
    // Whole, with zeros, and in 4 bits.
    const layers = [
      [choice(0, 10, 10), choice(1, 4, 10), choice(2, 9, 5)],
      [choice(0, 10, 10), choice(3, 4, 10), choice(2, 9, 5)],
    ];
    expect(divergenceOf(allocateAlone(layers, { count: 'gzip', bytes: 14 })!)).toBe(1);
    expect(divergenceOf(allocateAlone(layers, { count: 'raw', bytes: 15 })!)).toBe(2);
    // Zeros in the first layer, 4 bits in the second.
    expect(allocateTogether(layers, sizes(14, 15))!.map(({ divergence }) => divergence)).toEqual([1, 2]);
  });

  it('are found wherever there are any, and move the output little more than the best of all combinations', () => {
    const random = createRandom(3);
    let trials = 0;
    let sum = 0;
    let best = 0;
    for (let trial = 0; trial < 300; trial++) {
      const layers = Array.from({ length: 2 + random.integer(4) }, () =>
        Array.from({ length: 2 + random.integer(5) }, () => choice(random.integer(100) / 10, random.integer(40), random.integer(40))),
      );
      const wanted = sizes(10 + random.integer(100), 10 + random.integer(100));
      const least = leastOf(layers, wanted[0].bytes, wanted[1].bytes);
      const found = allocateTogether(layers, wanted);
      expect(found !== undefined && keepsAll(found, wanted)).toBe(least !== Infinity);
      if (found === undefined || least === Infinity) continue;
      trials++;
      sum += divergenceOf(found);
      best += least;
      expect(divergenceOf(found)).toBeGreaterThanOrEqual(least - 1e-9);
    }
    expect(trials).toBeGreaterThan(100);
    // Prices leave choices between them out; of few layers with few choices that is most.
    expect(sum / best).toBeLessThan(1.05);
  });

  it('are those that exceed the least where none keep both', () => {
    const layers = [[choice(0, 10, 10), choice(1, 4, 10), choice(2, 10, 5)]];
    const found = allocateTogether(layers, sizes(5, 9))!;
    // 10 of 9 bytes are nearer than 10 of 5.
    expect([bytesOf(found, 'gzip'), bytesOf(found, 'raw')]).toEqual([4, 10]);
    expect(allocateTogether(layers, sizes(3, 9))!.map(({ divergence }) => divergence)).toEqual([2]);
  });
});

function leastOf([first, ...others]: readonly (readonly ChoiceSensitivity[])[], gzip: number, raw: number): number {
  if (gzip < 0 || raw < 0) return Infinity;
  if (first === undefined) return 0;
  return Math.min(...first.map(({ divergence, bytes }) => divergence + leastOf(others, gzip - bytes.gzip, raw - bytes.raw)));
}
