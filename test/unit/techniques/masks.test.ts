import { describe, expect, it } from 'vitest';
import {
  contributions,
  globalMagnitudeMasks,
  layerAdaptiveScores,
  magnitudeMask,
} from '../../../src/core/techniques/pruning/magnitude-masks.ts';
import { blockMask, groupMask } from '../../../src/core/techniques/pruning/structured-masks.ts';
import { createRandom } from '../../../src/core/random.ts';

const zeros = (mask: Uint8Array): number => mask.filter((keep) => keep === 0).length;

describe('masks by magnitude', () => {
  it('remove the two smallest of ten at 0.2', () => {
    expect([...magnitudeMask(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 0.2)]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('leave one weight at any sparsity', () => {
    const weights = Float32Array.from({ length: 100 }, (_, i) => i + 1);
    expect(zeros(magnitudeMask(weights, 0.9999))).toBe(99);
    expect(magnitudeMask(weights, 0.9999)[99]).toBe(1);
  });

  it('do nothing at 0', () => {
    expect(zeros(magnitudeMask(Float32Array.of(0, 0.5, -1), 0))).toBe(0);
  });

  it.each([
    [108, 54],
    [20280, 10140],
  ])('give the exact count at one half of %i weights, ties or not', (count, expected) => {
    const random = createRandom(count);
    expect(
      zeros(
        magnitudeMask(
          Float32Array.from({ length: count }, () => random.normal()),
          0.5,
        ),
      ),
    ).toBe(expected);
    expect(zeros(magnitudeMask(new Float32Array(count).fill(0.25), 0.5))).toBe(expected);
  });

  it('round half to even: 0.5 of 5 keeps 2', () => {
    expect(zeros(magnitudeMask(Float32Array.of(1, 2, 3, 4, 5), 0.5))).toBe(3);
  });

  it('with one threshold over the model take from the layer of small weights, but not all of it', () => {
    const masks = globalMagnitudeMasks(
      new Map([
        ['small', Float32Array.of(0.1, -0.3, 0.2)],
        ['large', Float32Array.of(1, 2, 3)],
      ]),
      0.5,
    );
    expect([...(masks.get('small') ?? [])]).toEqual([0, 1, 0]);
    expect([...(masks.get('large') ?? [])]).toEqual([1, 1, 1]);
  });
});

describe('contributions', () => {
  it('are weights times the deviation of their input, the same of every filter', () => {
    expect([...contributions(Float32Array.of(1, -4, 2, 3), Float32Array.of(0.5, 0.25))]).toEqual([0.5, -1, 1, 0.75]);
  });

  it('rank weights of a constant input below all others, by their magnitude', () => {
    const [large = 0, small = 0, varied = 0] = contributions(Float32Array.of(5, -4, 0.01), Float32Array.of(0, 0, 1));
    expect(large).toBeGreaterThan(-small);
    expect(-small).toBeGreaterThan(0);
    expect(varied).toBeGreaterThan(large);
  });

  it.each([undefined, new Float32Array(0), new Float32Array(2), Float32Array.of(Number.NaN, 1)])(
    'are the weights themselves with deviations %s',
    (deviations) => {
      const weights = Float32Array.of(1, -4, 2, 3);
      expect(contributions(weights, deviations)).toBe(weights);
    },
  );
});

describe('layer-adaptive magnitudes', () => {
  it('are squares as parts of the squares of all that are at least as large, whatever the scale of the layer', () => {
    const expected = [1 / 30, 16 / 16, 4 / 29, 9 / 25];
    layerAdaptiveScores(Float32Array.of(1, -4, 2, 3)).forEach((score, i) => {
      expect(score).toBeCloseTo(expected[i] ?? Number.NaN, 6);
    });
    layerAdaptiveScores(Float32Array.of(0.01, -0.04, 0.02, 0.03)).forEach((score, i) => {
      expect(score).toBeCloseTo(expected[i] ?? Number.NaN, 5);
    });
  });

  it('are zero for weights that are zero', () => {
    expect([...layerAdaptiveScores(Float32Array.of(0, 2, 0))]).toEqual([0, 1, 0]);
    expect([...layerAdaptiveScores(new Float32Array(3))]).toEqual([0, 0, 0]);
  });

  it('spare the layer of few weights', () => {
    const scores = new Map([
      ['few', layerAdaptiveScores(Float32Array.of(1.1, 1, 0.9, 1.05))],
      ['many', layerAdaptiveScores(new Float32Array(32).fill(3))],
    ]);
    const masks = globalMagnitudeMasks(scores, 0.5);
    expect(zeros(masks.get('few') ?? new Uint8Array(0))).toBe(0);
    expect(zeros(masks.get('many') ?? new Uint8Array(0))).toBe(18);
  });
});

describe('N:M masks', () => {
  it('keep the two largest of each four', () => {
    expect([...groupMask(Float32Array.of(0.25, -1.33, 0.43, -0.11), [1, 4], 2, 4)]).toEqual([0, 1, 1, 0]);
  });

  it('run along the last axis and pad its end', () => {
    const mask = groupMask(Float32Array.of(1, 2, 3, 4, 9, 8, 6, 5, 4, 3, 2, 1), [2, 6], 2, 4);
    expect([...mask]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1]);
  });
});

describe('block masks', () => {
  const weights = Float32Array.of(1, 1, 5, 0, 2, 2, 0, 0);

  it('rank blocks by the average', () => {
    expect([...blockMask(weights, [2, 4], 0.5, { size: [1, 2], pooling: 'average' })]).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
  });

  it('or by the largest weight, with blocks cut off at the edge', () => {
    expect([...blockMask(Float32Array.of(1, 1, 9, 3, 3, 2), [2, 3], 0.5, { size: [1, 2], pooling: 'max' })]).toEqual([0, 0, 1, 1, 1, 0]);
  });
});
