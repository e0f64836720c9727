import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { calibrate } from '../../../src/core/quantize/calibrate.ts';
import type { Observer } from '../../../src/core/quantize/observers.ts';
import { memoryDataSet, seededParameter } from '../train/training-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

const signal = new AbortController().signal;
const size = 37;
const inputs = Float32Array.from({ length: size * 6 * 6 * 2 }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 11)));

/** A convolution, whose values lie channels-major in the program, and a dense layer, whose values do not. */
function network(kernel = seededParameter([3, 3, 3, 2], 5)): Network {
  const b = new NetworkBuilder('small');
  const bias = { shape: [3], data: Float32Array.of(7, -9, 0.5) };
  const conv = b.conv2d('conv', b.input([6, 6, 2]), { kernel, bias, padding: 'same', strides: [1, 1], activation: 'relu' });
  return b.build([b.dense('dense', b.flatten('flat', conv), { kernel: seededParameter([4, 108], 6) })]);
}

function dataSet(values = inputs) {
  return memoryDataSet([6, 6, 2], { kind: 'classes', classes: 2, names: undefined }, values, new Int32Array(size), new Float32Array(0));
}

async function extremes(of: Network): Promise<readonly (readonly [number, number])[]> {
  const ids = of.operations.filter(({ kind }) => kind === 'conv2d' || kind === 'dense').map(({ output }) => output);
  const inference = await compileInference(engine, of, size, { outputs: ids });
  const values = await inference.run([inputs], size);
  await inference.dispose();
  return values.map((each) => [Math.min(0, ...each), Math.max(0, ...each)] as const);
}

describe('calibration', () => {
  // 37 examples are a whole batch and five more, which are filled up with zeros: those have activations of their own.
  it.each<Observer>([{ kind: 'minMax' }, { kind: 'percentile', percentile: 100 }])(
    'finds the extremes of all examples and of nothing else: %o',
    async (observer) => {
      const ranges = await calibrate({ engine, network: network(), data: dataSet(), samples: size, observer, signal });
      const expected = await extremes(network());
      const found = ['conv', 'dense'].map((layer) => [...ranges].find(([id]) => id.startsWith(layer))?.[1]);
      expected.forEach(([minimum, maximum], i) => {
        expect(found[i]?.minimum).toBeCloseTo(minimum, 4);
        expect(found[i]?.maximum).toBeCloseTo(maximum, 4);
      });
    },
  );

  it.each<Observer>([{ kind: 'minMax' }, { kind: 'squaredError' }])('names a value that is not a number: %o', async (observer) => {
    const values = inputs.slice();
    values[100] = NaN;
    await expect(calibrate({ engine, network: network(), data: dataSet(values), samples: size, observer, signal })).rejects.toThrow(
      'NaN or infinite',
    );
  });
});

describe('a forward pass', () => {
  it('takes fewer examples at once where memory is short, and one at least', async () => {
    const inference = await compileInference(engine, network(), 32, { memoryBytes: 1 });
    expect(inference.batchSize).toBe(1);
    const [one] = await inference.run([inputs.slice(0, 72)], 1);
    await inference.dispose();
    expect(one).toHaveLength(4);
  });
});
