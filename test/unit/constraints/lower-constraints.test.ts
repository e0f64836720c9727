import { beforeAll, describe, expect, it } from 'vitest';
import type { Codebook, Constraints, Granularity, Sparsity } from '../../../src/core/constraints/constraint.ts';
import { projectWeights } from '../../../src/core/constraints/composition.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createRandom } from '../../../src/core/random.ts';
import { runLowered } from './lowered.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});

const tensor = { kind: 'tensor' } as const;

describe('sparsity', () => {
  it('zeroes what is masked and gives it no gradient', async () => {
    const mask: Sparsity = { kind: 'sparsity', mask: Uint8Array.of(1, 0, 1, 0) };
    const { value, latentGradient } = await runLowered(engine, [1, 2, -3, 4], [2, 2], [mask], [5, 6, 7, 8]);
    expect(value).toEqual([1, 0, -3, 0]);
    expect(latentGradient).toEqual([5, 0, 7, 0]);
  });
});

describe('codebook', () => {
  const codebook = (over: Partial<Codebook> = {}): Codebook => ({
    kind: 'codebook',
    granularity: tensor,
    centroids: Float32Array.of(-1, 1),
    clusters: 2,
    zeroPinned: false,
    ...over,
  });
  const weights = Array.from({ length: 16 }, (_, i) => (i < 8 ? -1.25 : 0.75));

  it("gives a centroid the sum of its members' gradients, and the latent weights theirs", async () => {
    const { value, latentGradient, gradients } = await runLowered(engine, weights, [4, 4], [codebook()]);
    expect(value).toEqual(weights.map((weight) => Math.sign(weight)));
    expect(gradients['kernel/centroids']).toEqual([8, 8]);
    expect(latentGradient).toEqual(weights.map(() => 1));
  });

  it('or the average, zero for a cluster without members', async () => {
    const averaged = codebook({ centroids: Float32Array.of(-1, 1, 50), clusters: 3, gradient: 'average' });
    const { gradients } = await runLowered(engine, weights, [4, 4], [averaged]);
    expect(gradients['kernel/centroids']).toEqual([1, 1, 0]);
  });

  it('takes the lower centroid on a tie', async () => {
    const { value } = await runLowered(engine, [0, 0.5], [1, 2], [codebook()]);
    expect(value).toEqual([-1, 1]);
  });

  it('keeps the gradients with their centroids when training has moved one past another', async () => {
    const crossed = codebook({ centroids: Float32Array.of(2, -1), clusters: 2 });
    const { value, gradients } = await runLowered(engine, [2.5, -3], [1, 2], [crossed], [10, 20]);
    expect(value).toEqual([2, -1]);
    expect(gradients['kernel/centroids']).toEqual([10, 20]);
  });

  it('moves the boundary towards the centroid that costs more, and keeps every centroid at its own value', async () => {
    // (0 + 2) / 2 + (1 - 0.2) / (2 * 2) = 1.2; between 2 and 4 the difference of 9 would pass 4, and stops short of it.
    const costly = codebook({ centroids: Float32Array.of(0, 2, 4), clusters: 3, costs: Float32Array.of(0.2, 1, 10) });
    const weights = [1.15, 1.25, 3.85, 3.95, 4, 2];
    const { value } = await runLowered(engine, weights, [1, 6], [costly]);
    expect(value).toEqual([0, 2, 2, 4, 4, 2]);
    expect([...projectWeights(Float32Array.from(weights), [1, 6], [costly])]).toEqual(value);
  });

  it('does not move a pinned zero', async () => {
    const pinned = codebook({ centroids: Float32Array.of(-1, 0, 1), clusters: 3, zeroPinned: true });
    const { value, gradients } = await runLowered(engine, [-1, 0.1, -0.2, 1], [2, 2], [pinned]);
    expect(value).toEqual([-1, 0, 0, 1]);
    expect(gradients['kernel/centroids']).toEqual([1, 0, 1]);
  });

  it('shares one codebook between channels of different, also negative units', async () => {
    const units = { granularity: { kind: 'channel', axis: 0 } as const, scales: Float32Array.of(2, -0.5) };
    const { value, gradients } = await runLowered(engine, [1.9, -2.1, 0.4, -0.6], [2, 2], [codebook({ units })]);
    expect(value).toEqual([2, -2, 0.5, -0.5]);
    // Members of 1: the first (times 2) and the last (times -0.5); of -1: the others.
    expect(gradients['kernel/centroids']).toEqual([1.5, 1.5]);
  });
});

describe('integer grid', () => {
  it('is symmetric and narrow, with the largest weight at 127', async () => {
    const grid: Constraints = [{ kind: 'integerGrid', granularity: tensor, scales: Float32Array.of(1) }];
    const { value, latentGradient } = await runLowered(engine, [-1, 0.5, 0.25, 0], [2, 2], grid);
    [-127, 64, 32, 0].forEach((integer, i) => expect(value[i]).toBeCloseTo(integer / 127, 6));
    expect(latentGradient).toEqual([1, 1, 1, 1]);
  });

  it('keeps a channel of zeros at zero', async () => {
    const grid: Constraints = [{ kind: 'integerGrid', granularity: { kind: 'channel', axis: 0 }, scales: Float32Array.of(1, 1) }];
    const { value } = await runLowered(engine, [0, 0, 1, -1], [2, 2], grid);
    expect(value).toEqual([0, 0, 1, -1]);
  });

  it('stops the gradient of what a fixed scale clips', async () => {
    const grid: Constraints = [{ kind: 'integerGrid', granularity: tensor, scales: Float32Array.of(1 / 127), scaling: 'fixed' }];
    const { value, latentGradient } = await runLowered(engine, [-2, 0.5], [1, 2], grid);
    expect(value[0]).toBeCloseTo(-1, 6);
    expect(latentGradient).toEqual([0, 1]);
  });

  it('learns a step size by equation 3 of LSQ', async () => {
    const grid: Constraints = [{ kind: 'integerGrid', granularity: tensor, scales: Float32Array.of(0.5), scaling: 'learned' }];
    const { gradients } = await runLowered(engine, [0.6, 1.3, 100, 0], [2, 2], grid);
    // (1 - 1.2) + (3 - 2.6) + 127 + 0, over sqrt(4 * 127).
    expect(gradients['kernel/step-size']?.[0]).toBeCloseTo((-0.2 + 0.4 + 127) / Math.sqrt(4 * 127), 4);
  });
});

describe('a learned step of 4 bits', () => {
  it('has the gradient of its straight-through surrogate, by finite differences, in each channel', async () => {
    // Rounding as a constant offset: s (round(v0) + clip(w / s) - v0) is what the gradient is taken of.
    const weights = [0.61, -0.26, 5, 0.07, 0.3, -0.9];
    const scales = [0.1, 0.3];
    const surrogate = (channel: number, scale: number): number =>
      weights.slice(channel * 3, channel * 3 + 3).reduce((sum, weight) => {
        const clipped = (s: number): number => Math.max(-7, Math.min(7, weight / s));
        const start = clipped(scales[channel] ?? 1);
        return sum + scale * (Math.round(start) + clipped(scale) - start);
      }, 0);
    const grid: Constraints = [
      {
        kind: 'integerGrid',
        granularity: { kind: 'channel', axis: 0 },
        bits: 4,
        scales: Float32Array.from(scales),
        scaling: 'learned',
      },
    ];
    const { value, gradients } = await runLowered(engine, weights, [2, 3], grid);
    [0.6, -0.3, 0.7, 0, 0.3, -0.9].forEach((expected, i) => expect(value[i]).toBeCloseTo(expected, 6));
    scales.forEach((scale, channel) => {
      const difference = (surrogate(channel, scale + 1e-6) - surrogate(channel, scale - 1e-6)) / 2e-6;
      // g = 1 / sqrt(N Qp) of LSQ, with 3 weights a channel and the largest integer 7.
      expect(gradients['kernel/step-size']?.[channel]).toBeCloseTo(difference / Math.sqrt(3 * 7), 3);
    });
  });
});

describe('the projection in JavaScript', () => {
  const layouts: readonly (readonly [string, readonly number[], Granularity])[] = [
    ['per tensor', [6, 3, 3, 4], { kind: 'tensor' }],
    ['per output channel', [6, 3, 3, 4], { kind: 'channel', axis: 0 }],
    ['per depthwise channel', [1, 3, 3, 8], { kind: 'channel', axis: 3 }],
  ];
  it.each(layouts)('is the one that training uses, %s', async (_, shape, granularity) => {
    const random = createRandom(7);
    const length = shape.reduce((product, size) => product * size, 1);
    const channels = granularity.kind === 'tensor' ? 1 : (shape[granularity.axis] ?? 1);
    const weights = Array.from({ length }, () => Math.fround(random.normal()));
    const constraints: Constraints = [
      { kind: 'sparsity', mask: Uint8Array.from(weights, () => random.integer(2)) },
      {
        kind: 'codebook',
        granularity,
        clusters: 5,
        zeroPinned: true,
        centroids: Float32Array.from({ length: channels * 5 }, (_, i) => (i % 5) - 2 + (i % 5 === 2 ? 0 : 0.1 * random.next())),
        costs: Float32Array.from({ length: channels * 5 }, () => 0.3 * random.next()),
      },
      { kind: 'integerGrid', granularity, scales: new Float32Array(channels).fill(0.02), scaling: 'fixed' },
    ];
    const { value } = await runLowered(engine, weights, shape, constraints);
    const projected = projectWeights(Float32Array.from(weights), shape, constraints);
    value.forEach((found, i) => expect(found).toBeCloseTo(projected[i] ?? NaN, 6));
    weights.forEach((_, i) => {
      if (constraints[0]?.kind === 'sparsity' && constraints[0].mask[i] === 0) expect(value[i]).toBe(0);
    });
  });
});
