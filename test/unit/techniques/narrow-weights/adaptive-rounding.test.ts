import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import type { FusedActivation } from '../../../../src/core/network/operations.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { type AdaptiveRounding, adaptiveRounding } from '../../../../src/core/techniques/narrow-weights/adaptive-rounding.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
const [filters, length, rows] = [6, 12, 512];

/** A layer whose inputs have a strong common part; weights to nearest. */
function layer(activation: FusedActivation, over: Partial<AdaptiveRounding> = {}): AdaptiveRounding {
  const random = createRandom(1);
  const weights = Float32Array.from({ length: filters * length }, () => random.normal());
  const inputs = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const common = random.normal();
    for (let i = 0; i < length; i++) inputs[row * length + i] = common + 0.5 * random.normal();
  }
  const scales = Float32Array.from({ length: filters }, (_, filter) => {
    const own = weights.subarray(filter * length, (filter + 1) * length);
    return own.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 7;
  });
  const offsets = Float32Array.from({ length: filters }, (_, filter) => (filter - 3) / 2);
  return {
    engine,
    weights,
    integers: Int8Array.from(weights, (weight, i) => Math.round(weight / (scales[Math.floor(i / length)] ?? 1))),
    scales,
    bits: 4,
    inputs,
    outputs: products(inputs, weights, offsets),
    offsets,
    activation,
    iterations: 400,
    seed: 2,
    signal: new AbortController().signal,
    ...over,
  };
}

function products(inputs: Float32Array, weights: ArrayLike<number>, offsets: Float32Array): Float32Array {
  return Float32Array.from({ length: rows * filters }, (_, at) => {
    const [row, filter] = [Math.floor(at / filters), at % filters];
    let sum = offsets[filter] ?? 0;
    for (let i = 0; i < length; i++) sum += (inputs[row * length + i] ?? 0) * (weights[filter * length + i] ?? 0);
    return sum;
  });
}

/** Mean squared difference of the outputs after the activation. */
function outputError(problem: AdaptiveRounding, integers: Int8Array): number {
  const after = (x: number): number => (problem.activation === 'relu' ? Math.max(0, x) : x);
  const weights = Array.from(integers, (integer, i) => integer * (problem.scales[Math.floor(i / length)] ?? 1));
  const rounded = products(problem.inputs, weights, problem.offsets);
  return rounded.reduce((sum, value, i) => sum + (after(value) - after(problem.outputs[i] ?? 0)) ** 2, 0) / rounded.length;
}

describe('AdaRound', () => {
  it.each<FusedActivation>(['none', 'relu'])('beats rounding to nearest in the error of the outputs (%s)', async (activation) => {
    const problem = layer(activation);
    const learned = await adaptiveRounding(problem);
    expect(outputError(problem, learned)).toBeLessThan(0.8 * outputError(problem, problem.integers));
  });

  it('rounds each weight up or down', async () => {
    const problem = layer('relu');
    const learned = await adaptiveRounding(problem);
    learned.forEach((integer, i) => {
      expect(Math.abs(integer - (problem.weights[i] ?? 0) / (problem.scales[Math.floor(i / length)] ?? 1))).toBeLessThan(1.0001);
      expect(Math.abs(integer)).toBeLessThanOrEqual(7);
    });
  });

  it('keeps masked weights at zero, gives the same integers twice, and none the worse without a step', async () => {
    const mask = Uint8Array.from({ length: filters * length }, (_, i) => i % 2);
    const whole = layer('relu');
    const problem = layer('relu', { mask, integers: whole.integers.map((integer, i) => (mask[i] === 0 ? 0 : integer)) });
    const learned = await adaptiveRounding(problem);
    mask.forEach((kept, i) => expect(kept === 1 || learned[i] === 0).toBe(true));
    expect(await adaptiveRounding(problem)).toEqual(learned);
    expect(await adaptiveRounding({ ...problem, iterations: 0 })).toEqual(problem.integers);
  });

  it('is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(adaptiveRounding(layer('relu', { signal }))).rejects.toThrow(/cancelled/);
  });
});
