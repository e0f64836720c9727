import { beforeAll, describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { examineBaseline } from '../../../src/core/measure/examine-baseline.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { createRandom } from '../../../src/core/random.ts';
import type { Accuracy } from '../../../src/shared/results.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});

/** Chooses class 1 where the first of two pixels is above `threshold` (`sign` 1) or below it (-1). */
function thresholdNetwork(threshold: number, sign = 1): Network {
  const builder = new NetworkBuilder('threshold');
  const flat = builder.flatten('flat', builder.input([1, 2, 1]));
  const kernel = { shape: [2, 2], data: Float32Array.of(-sign, 0, sign, 0) };
  const bias = { shape: [2], data: Float32Array.of(sign * threshold, -sign * threshold) };
  return builder.build([builder.dense('out', flat, { kernel, bias })]);
}

/** Pixels of 0..1, class 1 where the first one is bright; `label` changes what is written down. */
function pixels(label: (bright: number) => number = (bright) => bright): DataSet {
  const random = createRandom(7);
  const values = Float32Array.from({ length: 600 }, () => random.next());
  return {
    name: 'train',
    size: 300,
    inputShapes: [[1, 2, 1]],
    target: { kind: 'classes', classes: 2, names: undefined },
    read: (indices) =>
      Promise.resolve({
        size: indices.length,
        inputs: [Float32Array.from([...indices].flatMap((i) => [values[2 * i] ?? 0, values[2 * i + 1] ?? 0]))],
        labels: Int32Array.from(indices, (i) => label(Number((values[2 * i] ?? 0) > 0.5))),
        targets: new Float32Array(0),
      }),
  };
}

const measured = (top1: number, confusion?: readonly (readonly number[])[]): Accuracy => ({
  top1,
  top5: 1,
  meanSquaredError: undefined,
  confusion,
  samples: confusion?.flat().reduce((sum, count) => sum + count, 0) ?? 1000,
  runtime: 'test',
});

describe('examineBaseline', () => {
  it('says nothing where the data are as the model knows them', async () => {
    expect(await examineBaseline({ engine, network: thresholdNetwork(0.5), train: pixels(), accuracy: measured(1) })).toEqual([]);
  });

  it.each([
    ['pixels of -1 to 1', 0, '"offset": -1'],
    ['pixels of 0 to 255', 127.5, '{ "scale": 1 }'],
  ])('proposes %s where the model scores better with them', async (title, threshold, advice) => {
    const [warning = ''] = await examineBaseline({
      engine,
      network: thresholdNetwork(threshold),
      train: pixels(),
      accuracy: measured(0.5),
    });
    expect(warning).toMatch(/^the baseline scores [45]\d\.\d% of 256 training examples, and 100\.0% with/);
    expect(warning).toContain(title);
    expect(warning).toContain(advice);
  });

  it('finds inverted pixels', async () => {
    const [warning] = await examineBaseline({ engine, network: thresholdNetwork(0.5, -1), train: pixels(), accuracy: measured(0) });
    expect(warning).toContain('the baseline scores 0.0% of 256 training examples, and 100.0% with inverted pixels');
  });

  it('finds training labels that do not belong to their examples', async () => {
    let seen = 0;
    const train = pixels((bright) => (seen++ % 2 === 0 ? bright : 1 - bright));
    expect(await examineBaseline({ engine, network: thresholdNetwork(0.5), train, accuracy: measured(0.98) })).toEqual([
      'the baseline scores 98.0% of the test examples and 50.0% of 256 training examples: the labels of the training examples may belong to other examples; check their order and their file',
    ]);
  });

  it('finds classes in another order, and labels without order', async () => {
    const examine = (confusion: readonly (readonly number[])[], top1: number): Promise<readonly string[]> =>
      examineBaseline({ engine, network: thresholdNetwork(0.5), train: pixels(), accuracy: measured(top1, confusion) });
    expect(
      await examine(
        [
          [3, 97],
          [96, 4],
        ],
        0.035,
      ),
    ).toEqual([
      "the baseline scores 3.5% of the test examples, and 96.5% with the classes in another order (0 is the model's 1, 1 is the model's 0): give the classes in the order of the model's training",
    ]);
    expect(
      await examine(
        [
          [52, 48],
          [49, 51],
        ],
        0.515,
      ),
    ).toEqual([
      'the baseline chooses the classes about as often as they occur and is right in 51.5%, as guessing is: the labels may belong to other examples; check that labels and examples are in the same order',
    ]);
    // Four of five are of one class: guessing alike is right in 0.8² + 0.2² = 68%.
    const uneven = [
      [640, 160],
      [160, 40],
    ];
    expect(await examine(uneven, 0.68)).toEqual([expect.stringMatching(/as often as they occur and is right in 68.0%, as guessing is/)]);
    const known = [
      [760, 40],
      [40, 160],
    ];
    expect(await examine(known, 0.92)).toEqual([]);
    // One class only says nothing of the order of labels.
    const one = [
      [900, 100],
      [0, 0],
    ];
    expect(await examine(one, 0.9)).toEqual([]);
  });
});
