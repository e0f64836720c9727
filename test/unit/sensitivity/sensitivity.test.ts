import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { ActivationDivergence } from '../../../src/core/sensitivity/activation-divergence.ts';
import { klDivergence, normalizedError } from '../../../src/core/sensitivity/compare-outputs.ts';
import { OutputDivergence } from '../../../src/core/sensitivity/divergence.ts';
import { LayerFitter } from '../../../src/core/sensitivity/fit-layer.ts';
import { kernelBytes } from '../../../src/core/sensitivity/kernel-bytes.ts';
import { exampleCount, layerMoments } from '../../../src/core/sensitivity/layer-moments.ts';
import { interpolated } from '../../../src/core/sensitivity/measure-choices.ts';
import { measureSensitivity } from '../../../src/core/sensitivity/measure-sensitivity.ts';
import { suffixOf } from '../../../src/core/sensitivity/network-parts.ts';
import { planMeasurements } from '../../../src/core/sensitivity/plan-measurements.ts';
import { kernelsOf } from '../../../src/core/techniques/kernels.ts';
import { describeChoice, sameChoice, weightChoices } from '../../../src/shared/layer-choices.ts';
import { halves, seededParameter } from '../train/training-fixtures.ts';
import { residualNetwork } from '../techniques/technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});
const signal = new AbortController().signal;
const data = halves(48);

describe('divergence', () => {
  it('of distributions is what a pencil finds', () => {
    // 0.5 ln(0.5 / 0.25) + 0.5 ln(0.5 / 0.75) = 0.5 ln(4 / 3)
    const half = Float32Array.of(0.5, 0.5);
    expect(klDivergence({ values: half, width: 2, logits: false }, [0.25, 0.75])).toBeCloseTo(0.5 * Math.log(4 / 3), 6);
    expect(klDivergence({ values: half, width: 2, logits: false }, half)).toBe(0);
    // Of logits the softmax counts: ln 3 more is three times as likely.
    expect(klDivergence({ values: Float32Array.of(0, 0), width: 2, logits: true }, [0, Math.log(3)])).toBeCloseTo(0.5 * Math.log(4 / 3), 6);
  });

  it('of numbers is the squared error over the variance', () => {
    // Variance sum 2 of (0, 2), error 1.
    expect(normalizedError(Float32Array.of(0, 2), [1, 2])).toBeCloseTo(0.5, 9);
    expect(normalizedError(Float32Array.of(3, 3), [3, 3])).toBe(0);
  });

  it('from a layer on is that of the whole network with the other kernel', async () => {
    const network = residualNetwork();
    const examples = await data.read(Uint32Array.of(0, 5, 11, 17));
    const divergence = await OutputDivergence.open({ engine, network, kind: 'KL divergence', examples });
    for (const { parameter, data: weights, shape } of kernelsOf(network)) {
      const changed = weights.map((weight, i) => (i % 3 === 0 ? 0 : weight));
      const from = await divergence.from(parameter);
      expect(await from.of(weights)).toBeLessThan(1e-6);
      const found = await from.of(changed);
      await from.dispose();
      const other = { ...network, parameters: new Map(network.parameters).set(parameter, { shape, data: changed }) };
      const values = await outputOf(network, examples.inputs);
      expect(found).toBeCloseTo(klDivergence({ values, width: 2, logits: false }, await outputOf(other, examples.inputs)), 5);
      expect(found).toBeGreaterThan(0);
    }
  });

  it('needs the operations after the layer alone', () => {
    const network = residualNetwork();
    expect(suffixOf(network, 'dense/kernel').operations.map(({ layer }) => layer)).toEqual(['dense', 'softmax']);
    expect(suffixOf(network, 'conv/kernel').operations).toHaveLength(network.operations.length);
  });

  async function outputOf(network: Network, inputs: readonly Float32Array[]): Promise<Float32Array> {
    const inference = await compileInference(engine, network, 4);
    const [values] = await inference.run(inputs, 4);
    await inference.dispose();
    return values!;
  }
});

describe('moments of layers', () => {
  it('are those of the patches of each layer', async () => {
    const builder = new NetworkBuilder('dense');
    const network = builder.build([
      builder.dense('head', builder.flatten('flatten', builder.input([4, 4, 1])), { kernel: seededParameter([2, 16], 3) }),
    ]);
    const moments = await layerMoments({ engine, network, kernels: kernelsOf(network), data, seed: 0, signal });
    const { gram, deviations } = moments.get('head/kernel')!;
    const { inputs } = await data.read(Uint32Array.from({ length: data.size }, (_, i) => i));
    const sums = Array.from({ length: 256 }, (_, at) => {
      let sum = 0;
      for (let row = 0; row < data.size; row++) sum += inputs[0]![16 * row + Math.floor(at / 16)]! * inputs[0]![16 * row + (at % 16)]!;
      return sum;
    });
    const ridge = (0.01 / 16) * sums.reduce((trace, sum, at) => trace + (at % 17 === 0 ? sum : 0), 0);
    gram.forEach((value, at) => expect(value).toBeCloseTo(sums[at]! + (at % 17 === 0 ? ridge : 0), 2));
    deviations.forEach((value, at) => {
      const values = Array.from({ length: data.size }, (_, row) => inputs[0]![16 * row + at]!);
      const mean = values.reduce((sum, each) => sum + each, 0) / data.size;
      expect(value).toBeCloseTo(Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / data.size), 4);
    });
  });
});

describe('moments that are wanted', () => {
  it('are the same bits whichever others are wanted', async () => {
    const network = residualNetwork();
    const kernels = kernelsOf(network);
    const all = await layerMoments({ engine, network, kernels, data, seed: 0, signal });
    for (const parameter of ['pointwise/kernel', 'dense/kernel']) {
      const alone = await layerMoments({ engine, network, kernels, wanted: new Set([parameter]), data, seed: 0, signal });
      expect([...alone.keys()]).toEqual([parameter]);
      expect(alone.get(parameter)).toEqual(all.get(parameter));
    }
  });

  it('are of fewer examples where the network is large', () => {
    const network = residualNetwork();
    // 16 places of 3x3 and of 6 inputs for 6 filters, of 3x3 for 6 channels, and 96 inputs of 2 outputs.
    const macs = 16 * 6 * 9 + 16 * 6 * 6 + 16 * 6 * 9 + 2 * 96;
    const patches = { length: 96, positions: 1, read: () => undefined };
    expect(exampleCount(network, [{ patches }], 60_000)).toBe(4096);
    expect(exampleCount(network, [{ patches }], 60_000, 1000 * macs + 1)).toBe(1000);
    expect(exampleCount(network, [{ patches }], 60_000, macs)).toBe(256);
    expect(exampleCount(network, [{ patches }], 100, macs)).toBe(100);
  });
});

describe('a fitted layer', () => {
  it('has the zeros, values and levels of its choice', async () => {
    const network = residualNetwork();
    const kernel = kernelsOf(network).find(({ layer }) => layer === 'dense')!;
    const moments = await layerMoments({ engine, network, kernels: [kernel], data, seed: 0, signal });
    const fitter = new LayerFitter(kernel, moments.get(kernel.parameter), { engine, seed: 0, signal });
    for (const choice of weightChoices.filter(({ sparsity, clusters }) => sparsity <= 0.8 && clusters <= 16)) {
      const { integers, weights } = await fitter.fit(choice);
      const zeros = integers.filter((value) => value === 0).length;
      expect(zeros).toBeGreaterThanOrEqual(Math.floor(choice.sparsity * integers.length));
      if (choice.clusters > 0) expect(new Set(weights).size).toBeLessThanOrEqual(choice.clusters);
      if (choice.bits === 4) expect(Math.max(...integers.map(Math.abs))).toBeLessThanOrEqual(7);
    }
  });
});

describe('bytes of a kernel', () => {
  const kernel = kernelsOf(residualNetwork()).find(({ layer }) => layer === 'dense')!;

  it('are half with 4 bits, and few where weights are equal', () => {
    const integers = Int8Array.from({ length: 192 }, (_, i) => ((i * 7919) % 15) - 7);
    expect(kernelBytes({ kernel, integers, channels: 1, bits: 8 }).raw).toBe(192);
    expect(kernelBytes({ kernel, integers, channels: 1, bits: 4 }).raw).toBe(96);
    const equal = kernelBytes({ kernel, integers: new Int8Array(192).fill(3), channels: 1, bits: 8 });
    expect(equal.gzip).toBeLessThan(20);
    expect(equal.packed).toBeLessThanOrEqual(224);
  });
});

describe('sensitivity', () => {
  it('has every choice of every layer, and 8 bits alone move hardly anything', async () => {
    const { layers, divergence } = await measureSensitivity({
      engine,
      network: residualNetwork(),
      data,
      seed: 0,
      activations: true,
      signal,
    });
    expect(divergence).toBe('KL divergence');
    expect(layers.map(({ layer }) => layer)).toEqual(['conv', 'pointwise', 'depthwise', 'dense']);
    for (const { choices } of layers) {
      expect(choices[0]).toMatchObject({ sparsity: 0, clusters: 0, bits: 8, measured: true });
      expect(choices[0]!.divergence).toBeLessThan(1e-2);
      for (const choice of choices) expect(choice.divergence).toBeGreaterThanOrEqual(0);
    }
    const dense = layers.at(-1)!.choices;
    const of = (sparsity: number): number => dense.find((choice) => sameChoice(choice, { sparsity, clusters: 0, bits: 8 }))!.divergence;
    expect(of(0.95)).toBeGreaterThan(of(0.5));
    // Depthwise kernels are neither pruned nor clustered.
    expect(layers[2]!.choices.map(describeChoice)).toEqual(['8 bits', 'int8 activations', 'int16 activations']);
    for (const { choices } of layers) {
      const [int8, int16] = choices.slice(-2);
      expect(int16!.divergence).toBeLessThan(int8!.divergence);
      expect(int16!.bytes).toEqual(choices[0]!.bytes);
    }
  });

  it('of a network with several outputs is the normalized squared error', async () => {
    const builder = new NetworkBuilder('two heads');
    const x = builder.flatten('flatten', builder.input([4, 4, 1]));
    const network = builder.build(['left', 'right'].map((name, i) => builder.dense(name, x, { kernel: seededParameter([3, 16], 70 + i) })));
    const { layers, divergence } = await measureSensitivity({ engine, network, data, seed: 0, signal });
    expect(divergence).toBe('normalized squared error');
    expect(layers).toHaveLength(2);
  });

  it('offers 4 bits where the runtimes take them: not of convolutions in groups', async () => {
    const builder = new NetworkBuilder('groups');
    const wide = builder.conv2d('wide', builder.input([4, 4, 1]), { kernel: seededParameter([4, 1, 1, 1], 5), padding: 'same' });
    const grouped = builder.conv2d('grouped', wide, { kernel: seededParameter([4, 1, 1, 2], 6), padding: 'same' });
    const network = builder.build([builder.dense('head', builder.flatten('flatten', grouped), { kernel: seededParameter([2, 64], 7) })]);
    const { layers } = await measureSensitivity({ engine, network, data: halves(8), seed: 0, signal });
    const offers = layers.map(({ layer, choices }) => [layer, choices.some(({ bits }) => bits === 4)]);
    expect(Object.fromEntries(offers)).toEqual({ wide: true, grouped: false, head: true });
  });

  it('is refused where there is nothing to change or nothing to compare', async () => {
    const builder = new NetworkBuilder('none');
    const none = builder.build([builder.flatten('flatten', builder.input([4, 4, 1]))]);
    await expect(measureSensitivity({ engine, network: none, data, seed: 0, signal })).rejects.toThrow('no layer has a kernel');
    await expect(measureSensitivity({ engine, network: residualNetwork(), data: halves(0), seed: 0, signal })).rejects.toThrow(
      'no training examples',
    );
    const aborted = AbortSignal.abort();
    await expect(measureSensitivity({ engine, network: residualNetwork(), data, seed: 0, signal: aborted })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('measures fewer choices of a large network, and interpolates as a power of the error', () => {
    const network = residualNetwork();
    expect(planMeasurements(network, kernelsOf(network), 48)).toEqual({ examples: 48, choices: weightChoices.length });
    expect(planMeasurements(network, kernelsOf(network), 1000, 1e5)).toEqual({ examples: 24, choices: 4 });
    const known = [
      { error: 1, value: 2 },
      { error: 100, value: 200 },
    ];
    expect(interpolated(10, known)).toBeCloseTo(20, 9);
    expect(interpolated(1, known)).toBe(2);
    expect(interpolated(1000, known)).toBe(200);
  });
});

describe('rounded activations', () => {
  it('are those of the layer alone, with 8-bit weights', async () => {
    const builder = new NetworkBuilder('dense');
    const kernel = seededParameter([2, 16], 3);
    const network = builder.build([builder.dense('head', builder.flatten('flatten', builder.input([4, 4, 1])), { kernel })]);
    const examples = await data.read(Uint32Array.from({ length: data.size }, (_, i) => i));
    const [x = new Float32Array(0)] = examples.inputs;
    const divergence = await OutputDivergence.open({ engine, network, kind: 'normalized squared error', examples });
    const activations = await ActivationDivergence.open({ engine, network, data, examples: data.size, signal });
    const found = await activations.of('head/kernel', divergence);
    expect(found.map((choice) => choice.activations)).toEqual([8, 16]);
    // Independently, in double precision: x and y to the codes of their ranges, w to multiples of its largest weight / 127.
    const product = (values: ArrayLike<number>, weights: ArrayLike<number>): number[] =>
      Array.from({ length: 2 * examples.size }, (_, at) => {
        let sum = 0;
        for (let i = 0; i < 16; i++) sum += values[16 * (at >> 1) + i]! * weights[16 * (at & 1) + i]!;
        return sum;
      });
    const y = product(x, kernel.data);
    const unit = Math.max(...kernel.data.map(Math.abs)) / 127;
    const weights = Array.from(kernel.data, (weight) => Math.round(weight / unit) * unit);
    const range = (values: readonly number[]): [number, number] => [Math.min(0, ...values), Math.max(0, ...values)];
    const rounded = (values: readonly number[], [low, high]: [number, number], bits: number): number[] => {
      const scale = bits === 8 ? (high - low) / 255 : Math.max(-low, high) / 32767;
      // The code of 0 is whole.
      const least = bits === 8 ? -Math.round(-low / scale) * scale : -32768 * scale;
      const most = least + (2 ** bits - 1) * scale;
      return values.map((value) => Math.round((Math.min(most, Math.max(least, value)) - least) / scale) * scale + least);
    };
    for (const [index, bits] of [8, 16].entries()) {
      const integers = rounded(product(rounded(Array.from(x), range(Array.from(x)), bits), weights), range(y), bits);
      const expected = normalizedError(Float32Array.from(y), integers);
      expect(found[index]!.divergence / expected).toBeGreaterThan(0.95);
      expect(found[index]!.divergence / expected).toBeLessThan(1.05);
    }
  });
});

describe('a choice', () => {
  it('is described', () => {
    expect(describeChoice({ sparsity: 0.8, clusters: 16, bits: 8 })).toBe('80.0% zeros, 16 values');
  });
});
