/** Layers that TensorFlow.js lacks, against plain loops over the weights, and in LiteRT. */
import { describe, expect, it } from 'vitest';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { importLayers, importTopology, type LayerEntry, type NamedWeight } from './keras-model-files.ts';

const layer = (class_name: string, config: LayerEntry['config'] = {}): LayerEntry => ({ class_name, config: { name: 'it', ...config } });
let seed = 1;
const weight = (name: string, ...shape: number[]): NamedWeight => ({
  name: `it/${name}`,
  shape,
  data: randomData(
    shape.reduce((a, b) => a * b, 1),
    seed++,
  ).map((v) => v * 0.6),
});

async function expectLayer(
  input: readonly number[],
  entry: LayerEntry,
  weights: readonly NamedWeight[],
  expected: (x: Float32Array) => readonly number[],
  keras = '3.5.0',
): Promise<void> {
  const { network } = await importLayers(input, [entry], weights, keras);
  const x = randomData(
    input.reduce((a, b) => a * b, 1),
    77,
  );
  const values = expected(x);
  expect(largestDifference(referenceOutputs(network, [x])[0] ?? [], values)).toBeLessThan(1e-5);
  const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(network) }), [x]);
  expect(largestDifference(output, values)).toBeLessThan(1e-5);
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const dotProduct = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('activations', () => {
  it.each<readonly [string, LayerEntry, (x: number) => number]>([
    ['ReLU with a threshold', layer('ReLU', { threshold: 0.5 }), (x) => (x >= 0.5 ? x : 0)],
    [
      'ReLU with a threshold, a slope and a maximum',
      layer('ReLU', { threshold: [0.25], negative_slope: '0.1', max_value: 1 }),
      (x) => (x >= 0.25 ? Math.min(x, 1) : 0.1 * (x - 0.25)),
    ],
    ['exponential', layer('Activation', { activation: 'exponential' }), Math.exp],
    ['celu', layer('Activation', { activation: 'celu' }), (x) => (x > 0 ? x : Math.expm1(x))],
    ['hard_tanh', layer('Activation', { activation: 'hard_tanh' }), (x) => Math.min(Math.max(x, -1), 1)],
    ['tanh_shrink', layer('Activation', { activation: 'tanh_shrink' }), (x) => x - Math.tanh(x)],
    ['soft_shrink', layer('Activation', { activation: 'soft_shrink' }), (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0)],
    ['log_sigmoid', layer('Activation', { activation: 'log_sigmoid' }), (x) => Math.log(sigmoid(x))],
    ['squareplus', layer('Activation', { activation: 'squareplus' }), (x) => (x + Math.sqrt(x * x + 4)) / 2],
    [
      'mish as a serialized function',
      layer('Activation', { activation: { class_name: 'function', config: 'mish' } }),
      (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
    ],
  ])('%s', async (_, entry, f) => {
    await expectLayer([4, 5], entry, [], (x) => Array.from(x, f));
  });

  it('softmax over two axes at once', async () => {
    await expectLayer([2, 4, 3], layer('Softmax', { axis: [1, 3] }), [], (x) =>
      Array.from(x, (v, i) => {
        const row = Math.floor(i / 3) % 4;
        const total = range(2).flatMap((a) => range(3).map((c) => Math.exp(x[a * 12 + row * 3 + c]!)));
        return Math.exp(v) / total.reduce((sum, power) => sum + power, 0);
      }),
    );
  });

  it('softmax and log_softmax over an axis', async () => {
    const sums = (x: Float32Array): number[] => range(5).map((c) => range(4).reduce((sum, row) => sum + Math.exp(x[row * 5 + c]!), 0));
    await expectLayer([4, 5], layer('Softmax', { axis: 1 }), [], (x) => Array.from(x, (v, i) => Math.exp(v) / sums(x)[i % 5]!));
    await expectLayer([4, 5], layer('Activation', { activation: 'log_softmax' }), [], (x) =>
      Array.from(x, (v, i) => v - Math.log(range(5).reduce((sum, c) => sum + Math.exp(x[Math.floor(i / 5) * 5 + c]!), 0))),
    );
  });
});

describe('normalizations', () => {
  const [gamma, beta, scale] = [weight('gamma', 6), weight('beta', 6), weight('scale', 6)];

  it('GroupNormalization', async () => {
    await expectLayer([4, 6], layer('GroupNormalization', { groups: 3, epsilon: 0.01 }), [gamma, beta], (x) =>
      Array.from(x, (v, i) => {
        const c = i % 6;
        const group = range(4).flatMap((row) => [0, 1].map((k) => x[row * 6 + Math.floor(c / 2) * 2 + k]!));
        const center = mean(group);
        return ((v - center) / Math.sqrt(mean(group.map((u) => (u - center) ** 2)) + 0.01)) * gamma.data[c]! + beta.data[c]!;
      }),
    );
  });

  it('RMSNormalization', async () => {
    await expectLayer([4, 6], layer('RMSNormalization', { axis: -1, epsilon: 0.01 }), [scale], (x) =>
      Array.from(x, (v, i) => {
        const row = x.subarray(i - (i % 6), i - (i % 6) + 6);
        return (v / Math.sqrt(mean(Array.from(row, (u) => u * u)) + 0.01)) * scale.data[i % 6]!;
      }),
    );
  });

  it('UnitNormalization over the last axis and over another', async () => {
    await expectLayer([4, 6], layer('UnitNormalization', {}), [], (x) =>
      Array.from(x, (v, i) => v / Math.hypot(...x.subarray(i - (i % 6), i - (i % 6) + 6))),
    );
    await expectLayer([4, 6], layer('UnitNormalization', { axis: 1 }), [], (x) =>
      Array.from(x, (v, i) => v / Math.hypot(...range(4).map((row) => x[row * 6 + (i % 6)]!))),
    );
  });
});

describe('convolutions', () => {
  it('Conv2D of groups', async () => {
    const [kernel, bias] = [weight('kernel', 2, 1, 2, 6), weight('bias', 6)];
    await expectLayer([3, 2, 4], layer('Conv2D', { filters: 6, kernel_size: [2, 1], groups: 2, activation: 'relu' }), [kernel, bias], (x) =>
      range(2).flatMap((y) =>
        range(2).flatMap((column) =>
          range(6).map((o) => {
            let sum = bias.data[o]!;
            for (const tap of [0, 1])
              for (const c of [0, 1])
                sum += x[((y + tap) * 2 + column) * 4 + Math.floor(o / 3) * 2 + c]! * kernel.data[(tap * 2 + c) * 6 + o]!;
            return Math.max(sum, 0);
          }),
        ),
      ),
    );
  });

  it('Conv2DTranspose with output padding', async () => {
    const kernel = weight('kernel', 3, 3, 1, 1);
    // From 2 to (2 - 1) * 2 + 3 - 2 * 1 + 1 = 4: row y of the input meets rows 2 y - 1 to 2 y + 1 of a padded 4.
    await expectLayer(
      [2, 2, 1],
      layer('Conv2DTranspose', { filters: 1, kernel_size: 3, strides: 2, padding: 'same', output_padding: [1, 1], use_bias: 0 }),
      [kernel],
      (x) => {
        const out = new Float64Array(16);
        for (const y of [0, 1])
          for (const column of [0, 1])
            for (const ky of range(3))
              for (const kx of range(3)) {
                // SAME over 4 with stride 2 and a kernel of 3 pads one row in all, behind.
                const [oy, ox] = [y * 2 + ky, column * 2 + kx];
                if (oy < 4 && ox < 4) out[oy * 4 + ox]! += x[y * 2 + column]! * kernel.data[ky * 3 + kx]!;
              }
        return Array.from(out);
      },
    );
  });
});

describe('images', () => {
  it('Resizing, nearest: the pixel that holds the centre', async () => {
    await expectLayer([2, 3, 1], layer('Resizing', { height: 3, width: 2, interpolation: 'nearest' }), [], (x) =>
      // Centres at rows 0.33, 1, 1.67 and columns 0.75, 2.25.
      [0, 1, 1].flatMap((row) => [0, 2].map((column) => x[row * 3 + column]!)),
    );
  });

  it('Resizing, bilinear, with half-pixel centres', async () => {
    await expectLayer([1, 2, 1], layer('Resizing', { height: 1, width: 4 }), [], ([a = 0, b = 0]) => [
      a,
      0.75 * a + 0.25 * b,
      0.25 * a + 0.75 * b,
      b,
    ]);
  });

  it('CenterCrop', async () => {
    await expectLayer([3, 4, 1], layer('CenterCrop', { height: 1, width: 2 }), [], (x) => [x[5]!, x[6]!]);
  });
});

describe('sequences', () => {
  const [steps, width, units] = [5, 3, 2];
  const at = (x: ArrayLike<number>, step: number): number[] => range(width).map((i) => x[step * width + i]!);
  /** Row vector times a matrix `[rows, columns]`. */
  const times = (row: readonly number[], matrix: Float32Array, columns: number): number[] =>
    range(columns).map((c) =>
      dotProduct(
        row,
        row.map((_, r) => matrix[r * columns + c]!),
      ),
    );

  it('GRU that resets after the product, as Keras 2.3 and later have it', async () => {
    const [kernel, recurrent, bias] = [weight('kernel', width, 6), weight('recurrent_kernel', units, 6), weight('bias', 2, 6)];
    const gru = (x: Float32Array): number[][] => {
      let h = [0, 0];
      return range(steps).map((step) => {
        const a = times(at(x, step), kernel.data, 6).map((v, i) => v + bias.data[i]!);
        const r = times(h, recurrent.data, 6).map((v, i) => v + bias.data[6 + i]!);
        h = h.map((before, u) => {
          const [update, reset] = [sigmoid(a[u]! + r[u]!), sigmoid(a[2 + u]! + r[2 + u]!)];
          return update * before + (1 - update) * Math.tanh(a[4 + u]! + reset * r[4 + u]!);
        });
        return h;
      });
    };
    const weights = [kernel, recurrent, bias];
    await expectLayer([steps, width], layer('GRU', { units, reset_after: true }), weights, (x) => gru(x).at(-1)!);
    await expectLayer([steps, width], layer('GRU', { units, reset_after: 1, return_sequences: true }), weights, (x) => gru(x).flat());
  });

  it('LSTM with its states as outputs: those after the last step', async () => {
    const weights = [weight('kernel', width, 4 * units), weight('recurrent_kernel', units, 4 * units), weight('bias', 4 * units)] as const;
    const [kernel, recurrent, bias] = weights;
    const lstm = layer('LSTM', { units, return_sequences: true, return_state: true });
    const { network } = await importTopology(
      {
        class_name: 'Functional',
        keras_version: '3.5.0',
        config: {
          name: 'net',
          layers: [
            { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, steps, width] }, inbound_nodes: [] },
            { ...lstm, name: 'it', inbound_nodes: [{ args: [tensor('x')], kwargs: {} }] },
          ],
          input_layers: ['x', 0, 0],
          output_layers: [
            ['it', 0, 0],
            ['it', 0, 1],
            ['it', 0, 2],
          ],
        },
      },
      weights,
    );
    const x = randomData(steps * width, 5);
    let [h, c] = [new Array<number>(units).fill(0), new Array<number>(units).fill(0)];
    const sequence = range(steps).flatMap((step) => {
      const b = times(h, recurrent.data, 4 * units);
      const sums = times(at(x, step), kernel.data, 4 * units).map((v, i) => v + b[i]! + bias.data[i]!);
      const gate = (k: number, u: number): number => sigmoid(sums[k * units + u]!);
      c = range(units).map((u) => gate(1, u) * c[u]! + gate(0, u) * Math.tanh(sums[2 * units + u]!));
      h = range(units).map((u) => gate(3, u) * Math.tanh(c[u]!));
      return h;
    });
    const outputs = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(network) }), [x]);
    expect(outputs).toHaveLength(3);
    for (const [i, expected] of [sequence, h, c].entries())
      expect(largestDifference(outputs[i] ?? new Float32Array(), expected)).toBeLessThan(1e-5);
  });

  it('MultiHeadAttention', async () => {
    const [heads, keyWidth, valueWidth] = [2, 2, 3];
    const part = (name: string, out: number) => [weight(`${name}/kernel`, width, heads, out), weight(`${name}/bias`, heads, out)] as const;
    const [[qk, qb], [kk, kb], [vk, vb]] = [part('query', keyWidth), part('key', keyWidth), part('value', valueWidth)];
    const [ok, ob] = [weight('attention_output/kernel', heads, valueWidth, width), weight('attention_output/bias', width)];
    const project = (row: readonly number[], k: NamedWeight, b: NamedWeight, head: number, out: number): number[] =>
      range(out).map(
        (o) =>
          dotProduct(
            row,
            row.map((_, r) => k.data[(r * heads + head) * out + o]!),
          ) + b.data[head * out + o]!,
      );
    const attention = (x: Float32Array): number[] => {
      const rows = range(steps).map((step) => at(x, step));
      return rows.flatMap((row) => {
        const output = range(width).map((o) => ob.data[o]!);
        for (const head of range(heads)) {
          const query = project(row, qk, qb, head, keyWidth);
          const scores = rows.map((other) => Math.exp(dotProduct(query, project(other, kk, kb, head, keyWidth)) / Math.sqrt(keyWidth)));
          const total = scores.reduce((a, b) => a + b, 0);
          for (const [s, other] of rows.entries())
            for (const [v, value] of project(other, vk, vb, head, valueWidth).entries())
              for (const o of range(width)) output[o]! += (scores[s]! / total) * value * ok.data[(head * valueWidth + v) * width + o]!;
        }
        return output;
      });
    };
    const call = { args: [tensor('x'), tensor('x')], kwargs: {} };
    const { network } = await importTopology(
      {
        class_name: 'Functional',
        keras_version: '3.5.0',
        config: {
          name: 'net',
          layers: [
            { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_shape: [null, steps, width] }, inbound_nodes: [] },
            {
              class_name: 'MultiHeadAttention',
              name: 'it',
              config: { name: 'it', num_heads: heads, key_dim: keyWidth },
              inbound_nodes: [call],
            },
          ],
          input_layers: ['x', 0, 0],
          output_layers: ['it', 0, 0],
        },
      },
      [qk, qb, kk, kb, vk, vb, ok, ob],
    );
    const x = randomData(steps * width, 5);
    const expected = attention(x);
    expect(largestDifference(referenceOutputs(network, [x])[0] ?? [], expected)).toBeLessThan(1e-5);
    const [output = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network: prepareForDeployment(network) }), [x]);
    expect(largestDifference(output, expected)).toBeLessThan(1e-5);
  });
});

const tensor = (name: string): object => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });

describe('configs of other tools', () => {
  it('booleans as 0 and 1, numbers as strings and lists of one', async () => {
    const kernel = weight('kernel', 3, 2, 2);
    await expectLayer(
      [4, 2],
      layer('Conv1D', { filters: '2', kernel_size: ['3'], strides: [1], dilation_rate: '1', groups: '1', padding: ['valid'], use_bias: 0 }),
      [kernel],
      (x) =>
        range(2).flatMap((step) =>
          range(2).map((o) =>
            range(3).reduce(
              (sum, k) => sum + range(2).reduce((s, c) => s + x[(step + k) * 2 + c]! * kernel.data[(k * 2 + c) * 2 + o]!, 0),
              0,
            ),
          ),
        ),
    );
  });

  it('scale and center of a batch norm as 1 and 0', async () => {
    const [gamma, moving, variance] = [
      weight('gamma', 2),
      weight('moving_mean', 2),
      { ...weight('moving_variance', 2), data: Float32Array.of(0.5, 2) },
    ];
    await expectLayer(
      [3, 2],
      layer('BatchNormalization', { scale: 1, center: 0, epsilon: '0.001', axis: ['-1'] }),
      [gamma, moving, variance],
      (x) => Array.from(x, (v, i) => ((v - moving.data[i % 2]!) / Math.sqrt(variance.data[i % 2]! + 0.001)) * gamma.data[i % 2]!),
    );
  });

  it('still refuse what is no number', async () => {
    await expect(importLayers([4], [layer('Dropout', { rate: 'half' })])).rejects.toThrow('"rate" should be a number, got "half"');
    await expect(importLayers([4, 2], [layer('ZeroPadding1D', { padding: [1, 2, 3] })])).rejects.toThrow(
      '"padding" should be two numbers, got [1,2,3]',
    );
  });
});
