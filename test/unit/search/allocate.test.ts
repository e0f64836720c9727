import { describe, expect, it } from 'vitest';
import { allocate, leastBytes, type LayerOption } from '../../../src/core/search/allocate.ts';
import { allocateLayers, smallestFile, withFinerSparsities } from '../../../src/core/search/allocate-layers.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { ChoiceSensitivity } from '../../../src/shared/sensitivity.ts';

describe('allocation', () => {
  it('takes bytes from the layer that loses least by it', () => {
    const layers = [
      [
        { bytes: 9, loss: 0 },
        { bytes: 5, loss: 1 },
      ],
      [
        { bytes: 9, loss: 0 },
        { bytes: 5, loss: 3 },
      ],
    ];
    expect(allocate(layers, 18)).toEqual([0, 0]);
    expect(allocate(layers, 14)).toEqual([1, 0]);
    expect(allocate(layers, 13)).toEqual([1, 1]);
    expect(allocate(layers, 9)).toBeUndefined();
    expect(leastBytes(layers)).toBe(10);
  });

  it('loses as little as trying every combination does', () => {
    const random = createRandom(5);
    for (let trial = 0; trial < 200; trial++) {
      const layers = Array.from({ length: 1 + random.integer(4) }, () =>
        Array.from({ length: 1 + random.integer(5) }, (): LayerOption => ({ bytes: random.integer(40), loss: random.integer(100) / 10 })),
      );
      const budget = random.integer(120);
      const found = allocate(layers, budget);
      const best = bruteForce(layers, budget);
      if (best === undefined) expect(found).toBeUndefined();
      else {
        const taken = found!.map((index, layer) => layers[layer]![index]!);
        expect(taken.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(budget);
        expect(taken.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(best, 9);
      }
    }
  });

  it('keeps a budget of millions of bytes, which it counts in steps', () => {
    const random = createRandom(6);
    const layers = Array.from({ length: 60 }, () =>
      Array.from({ length: 8 }, (_, i): LayerOption => ({ bytes: 40_000.5 * (8 - i) + random.next(), loss: i + random.next() })),
    );
    const budget = 60 * 40_000 * 4;
    const found = allocate(layers, budget)!;
    const bytes = found.reduce((sum, index, layer) => sum + layers[layer]![index]!.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(budget);
    expect(bytes).toBeGreaterThan(0.98 * budget);
  });

  it('counts what the file takes besides its kernels', () => {
    const report = {
      overhead: { raw: 100, gzip: 60, packed: 80, ethosU: 0 },
      layers: [
        {
          layer: 'conv',
          operation: 'conv2d',
          shape: [1, 1, 1, 40],
          elements: 40,
          macs: 40,
          fitted: true,
          choices: [choice(0, 0, 0, 40), choice(0.5, 0, 0.1, 24), choice(0.9, 0, 0.5, 8)],
        },
      ],
    };
    expect(allocateLayers(report, { sizes: [{ count: 'gzip', bytes: 100 }] })!.choices[0]!.choice.sparsity).toBe(0);
    const half = allocateLayers(report, { sizes: [{ count: 'gzip', bytes: 84 }] })!;
    expect(half).toEqual({
      choices: [{ layer: 'conv', choice: { sparsity: 0.5, clusters: 0, bits: 8 } }],
      divergence: 0.1,
      count: 'gzip',
      sizes: { raw: 140, gzip: 84, packed: 104, ethosU: 24 },
    });
    expect(allocateLayers(report, { sizes: [{ count: 'gzip', bytes: 67 }] })).toBeUndefined();
    expect(smallestFile(report, 'gzip')).toBe(68);
  });

  it('takes sparsities between those that were measured', () => {
    // Half way between 0.5 and 0.9 the divergence is the geometric mean.
    const measured = [choice(0, 0, 0, 40), choice(0.5, 0, 0.1, 24), choice(0.9, 0, 0.4, 8)];
    const finer = withFinerSparsities(measured, [{ count: 'gzip', bytes: 800 }]);
    expect(finer.map(({ sparsity }) => sparsity)).toEqual([0, 0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(finer[3]).toMatchObject({ measured: false, bytes: { gzip: 16 } });
    expect(finer[3]!.divergence).toBeCloseTo(0.2, 9);
  });

  it('are interpolated in steps of half a per cent of the file where a layer is much of it, in 32 at most', () => {
    const measured = [choice(0.5, 0, 0.1, 24), choice(0.9, 0, 0.4, 8)];
    // 16 bytes in steps of 2.
    const finer = withFinerSparsities(measured, [
      { count: 'gzip', bytes: 400 },
      { count: 'packed', bytes: 4_000 },
    ]);
    expect(finer.map(({ sparsity }) => sparsity)).toEqual([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]);
    expect(withFinerSparsities(measured, [{ count: 'gzip', bytes: 10 }])).toHaveLength(33);
  });
});

describe('bytes of an Ethos-U', () => {
  it('are saved by zeros and values, not by 4 bits or wider activations', () => {
    const narrow = { ...choice(0, 0, 0.001, 5), bits: 4 as const };
    const wide = { ...choice(0, 0, 0, 5), activations: 16 as const };
    const report = {
      overhead: { raw: 0, gzip: 0, packed: 0, ethosU: 0 },
      layers: [
        {
          layer: 'conv',
          operation: 'conv2d',
          shape: [1, 1, 1, 40],
          elements: 40,
          macs: 40,
          fitted: true,
          choices: [choice(0, 0, 0, 40), choice(0.5, 0, 0.1, 24), narrow, wide],
        },
      ],
    };
    expect(allocateLayers(report, { sizes: [{ count: 'ethosU', bytes: 30 }] })!.choices[0]!.choice).toEqual({
      sparsity: 0.5,
      clusters: 0,
      bits: 8,
    });
    expect(allocateLayers(report, { sizes: [{ count: 'gzip', bytes: 30 }] })!.choices[0]!.choice).toEqual({
      sparsity: 0,
      clusters: 0,
      bits: 4,
    });
    expect(smallestFile(report, 'ethosU')).toBe(24);
    expect(smallestFile(report, 'gzip')).toBe(5);
  });
});

function choice(sparsity: number, clusters: number, divergence: number, gzip: number): ChoiceSensitivity {
  return { sparsity, clusters, bits: 8, divergence, measured: true, bytes: { raw: 40, gzip, packed: gzip, ethosU: gzip }, cycles: {} };
}

function bruteForce(layers: readonly (readonly LayerOption[])[], budget: number): number | undefined {
  const [first, ...others] = layers;
  if (first === undefined) return budget < 0 ? undefined : 0;
  const losses = first.flatMap(({ bytes, loss }) => {
    const rest = bytes > budget ? undefined : bruteForce(others, budget - bytes);
    return rest === undefined ? [] : [loss + rest];
  });
  return losses.length === 0 ? undefined : Math.min(...losses);
}
