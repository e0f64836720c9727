import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../../../src/core/random.ts';
import { type FilterProblem, roundFilter } from '../../../../src/core/techniques/narrow-weights/round-filter.ts';
import { factorMoments } from '../../../../src/core/techniques/reconstruction/error-feedback.ts';

const signal = new AbortController().signal;
const exactly = (scale: number): number => scale;

/** A filter of these weights whose inputs have this gram matrix; it is to compute what it computed. */
async function problemOf(gram: readonly number[], start: readonly number[], over: Partial<FilterProblem> = {}): Promise<FilterProblem> {
  const factor = await factorMoments(Float64Array.from(gram), signal);
  if (factor === undefined) throw new Error('the gram matrix is not positive definite');
  const length = start.length;
  const target = start.map((_, j) => start.reduce((sum, weight, i) => sum + weight * (gram[i * length + j] ?? 0), 0));
  return { moments: { gram, ...factor }, target, start, bits: 4, ratios: [1], storedScale: exactly, ...over };
}

function errorOf({ moments: { gram }, target, start }: FilterProblem, weights: readonly number[]): number {
  const length = start.length;
  let error = 0;
  weights.forEach((a, i) => {
    error -= 2 * a * (target[i] ?? 0);
    weights.forEach((b, j) => (error += a * b * (gram[i * length + j] ?? 0)));
  });
  return error;
}

/** Inputs with a strong common part. */
function correlatedGram(random: Random, length: number, samples = 4 * length): number[] {
  const gram = new Array<number>(length ** 2).fill(0);
  for (let sample = 0; sample < samples; sample++) {
    const common = random.normal();
    const x = Array.from({ length }, () => common + 0.4 * random.normal());
    x.forEach((a, i) => x.forEach((b, j) => (gram[i * length + j] = (gram[i * length + j] ?? 0) + a * b)));
  }
  return gram;
}

const nearestWeights = (start: readonly number[], scale: number): number[] =>
  start.map((weight) => Math.max(-7, Math.min(7, Math.round(weight / scale))) * scale);

describe('a filter on 15 levels', () => {
  it('of uncorrelated inputs is rounded to nearest', async () => {
    // The largest weight is 7 steps of 0.1, and -0.26 is -2.6 steps. The best scale for 7, 3, -3 is 6.58 / 67.
    const result = roundFilter(await problemOf([1, 0, 0, 0, 1, 0, 0, 0, 1], [0.7, 0.3, -0.26]))!;
    expect(Array.from(result.integers)).toEqual([7, 3, -3]);
    expect(result.scale).toBeCloseTo((7 * 0.7 + 3 * 0.3 + 3 * 0.26) / 67, 9);
  });

  it('makes up for an error by the weight of a like input', async () => {
    // Both inputs are nearly the same, so that only the sum of their weights counts: 0.7 + 0.16 + 0.16 is 7 + 2 + 1 steps, not 7 + 2 + 2.
    const gram = [1, 0, 0, 0, 1, 0.99, 0, 0.99, 1];
    const { integers } = roundFilter(await problemOf(gram, [0.7, 0.155, 0.155]))!;
    expect(integers[0]).toBe(7);
    expect((integers[1] ?? 0) + (integers[2] ?? 0)).toBe(3);
  });

  it('of few weights errs no more than any rounding of each weight up or down, at any scale that is tried', async () => {
    const random = createRandom(3);
    for (let round = 0; round < 20; round++) {
      const start = Array.from({ length: 5 }, () => random.normal());
      const ratios = [1, 0.85, 0.7];
      const problem = await problemOf(correlatedGram(random, 5), start, { ratios });
      const result = roundFilter(problem)!;
      expect(result.error).toBeCloseTo(
        errorOf(
          problem,
          Array.from(result.integers, (integer) => integer * result.scale),
        ),
        6,
      );
      const largest = Math.max(...start.map(Math.abs));
      for (const scale of ratios.map((ratio) => (largest / 7) * ratio)) {
        for (let choice = 0; choice < 32; choice++) {
          const weights = start.map((weight, i) => Math.max(-7, Math.min(7, Math.floor(weight / scale) + ((choice >> i) & 1))) * scale);
          expect(result.error).toBeLessThanOrEqual(errorOf(problem, weights) + 1e-9);
        }
      }
    }
  });

  it('of many weights errs much less than rounding to nearest at the best scale', async () => {
    const random = createRandom(4);
    const ratios = Array.from({ length: 13 }, (_, i) => 1 - i / 20);
    let [ours, nearest] = [0, 0];
    for (let round = 0; round < 10; round++) {
      const start = Array.from({ length: 24 }, () => random.normal());
      const problem = await problemOf(correlatedGram(random, 24, 200), start, { ratios });
      const zero = errorOf(problem, start);
      const largest = Math.max(...start.map(Math.abs));
      ours += roundFilter(problem)!.error - zero;
      nearest += Math.min(...ratios.map((ratio) => errorOf(problem, nearestWeights(start, (largest / 7) * ratio)) - zero));
    }
    expect(ours).toBeGreaterThan(0);
    expect(ours).toBeLessThan(0.6 * nearest);
  });

  it('keeps masked weights at zero, and has scales in the precision of the file', async () => {
    const random = createRandom(5);
    const start = Array.from({ length: 16 }, (_, i) => (i % 3 === 0 ? 0 : random.normal()));
    const mask = start.map((weight) => (weight === 0 ? 0 : 1));
    const quarters = (scale: number): number => Math.max(1, Math.round(scale * 64)) / 64;
    const result = roundFilter(await problemOf(correlatedGram(random, 16), start, { mask, storedScale: quarters }))!;
    mask.forEach((kept, i) => expect(kept === 1 || result.integers[i] === 0).toBe(true));
    expect(Number.isInteger(result.scale * 64)).toBe(true);
    expect(Math.max(...Array.from(result.integers, Math.abs))).toBeLessThanOrEqual(7);
  });

  it('has no scale where all weights are zero', async () => {
    expect(roundFilter(await problemOf([1, 0, 0, 1], [0, 0]))).toBeUndefined();
  });
});
