/** Learning from another model: what it must have in common, and that its predictions on the very batch are what is learned. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import type { ActivationFunction } from '../../../src/core/network/operations.ts';
import { checkTeacher } from '../../../src/core/train/check-teacher.ts';
import { engine, tune } from './fine-tune/tune.ts';
import { halves, seededParameter } from './training-fixtures.ts';

function dense(shape: readonly number[], outputs: number, seed: number, activation?: ActivationFunction): Network {
  const b = new NetworkBuilder(`dense ${seed}`);
  const flat = b.flatten('flatten', b.input(shape));
  const size = shape.reduce((product, n) => product * n, 1);
  const logits = b.dense('dense', flat, { kernel: seededParameter([outputs, size], seed), bias: seededParameter([outputs], seed + 1) });
  return b.build([activation === undefined ? logits : b.activation('end', logits, activation)]);
}

const logSoftmaxOf = (logits: readonly number[]): number[] => {
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - total);
};

describe('the loss of a distillation', () => {
  it('is that of the logits that the teacher gives for the augmented batch', async () => {
    const [temperature, weight, size] = [3, 0.7, 24];
    const plain = halves(size);
    // What a training example looks like depends on the epoch: its values are larger than without one.
    const train: DataSet = {
      ...plain,
      read: async (indices, epoch) => {
        const batch = await plain.read(indices, epoch);
        return epoch === undefined ? batch : { ...batch, inputs: batch.inputs.map((values) => values.map((x) => x * 1.7)) };
      },
    };
    const [network, teacher] = [dense([4, 4, 1], 2, 5), dense([4, 4, 1], 2, 21, 'softmax')];
    const { curve } = await tune({
      network,
      train,
      loss: { kind: 'distillation', teacher, temperature, weight },
      batchSize: size,
      steps: 1,
    });
    // Both networks by forward passes of their own, up to the logits.
    const all = Uint32Array.from({ length: size }, (_, i) => i);
    const { inputs, labels } = await train.read(all, 0);
    const logits = async (of: Network): Promise<number[][]> => {
      const inference = await compileInference(engine, of, size, { outputs: ['dense'] });
      const [flat = new Float32Array(0)] = await inference.run(inputs, size);
      await inference.dispose();
      return Array.from(all, (i) => Array.from(flat.subarray(2 * i, 2 * i + 2)));
    };
    const [taught, own] = [await logits(teacher), await logits(network)];
    const losses = own.map((row, i) => {
      const p = logSoftmaxOf(taught[i]!.map((x) => x / temperature));
      const q = logSoftmaxOf(row.map((x) => x / temperature));
      const divergence = p.reduce((sum, each, k) => sum + Math.exp(each) * (each - q[k]!), 0);
      return weight * temperature ** 2 * divergence - (1 - weight) * logSoftmaxOf(row)[labels[i]!]!;
    });
    expect(curve[0]?.loss).toBeCloseTo(losses.reduce((sum, each) => sum + each, 0) / size, 4);
  });
});

describe('a teacher', () => {
  const model = dense([4, 4, 1], 3, 1, 'softmax');

  it('may be any network with the same inputs and outputs, also one that ends in logits', () => {
    expect(() => checkTeacher(model, dense([4, 4, 1], 3, 2), 'big.h5')).not.toThrow();
    // Numbers from 0 on, whatever keeps them there.
    expect(() => checkTeacher(dense([4, 4, 1], 3, 1, 'sigmoid'), dense([4, 4, 1], 3, 2, 'relu'), 'big.h5')).not.toThrow();
  });

  it.each<readonly [string, Network, RegExp]>([
    [
      'another input',
      dense([4, 2, 2], 3, 2),
      /^big\.h5: the teacher takes \[4, 2, 2\], the model \[4, 4, 1\]; distil from a model with the same inputs/,
    ],
    ['other classes', dense([4, 4, 1], 4, 2), /^big\.h5: the teacher gives \[4\], the model \[3\]; .* as many classes, in the same order/],
    [
      'classes that do not exclude each other',
      dense([4, 4, 1], 3, 2, 'sigmoid'),
      /the teacher ends in sigmoid where the model ends in softmax/,
    ],
  ])('is refused for %s', (_, teacher, message) => {
    expect(() => checkTeacher(model, teacher, 'big.h5')).toThrow(message);
  });

  it('whose outputs are compared as numbers ends in the same function', async () => {
    const [own, other] = [dense([4, 4, 1], 2, 1, 'softmax'), dense([4, 4, 1], 2, 2)];
    const loss = {
      kind: 'outputs',
      outputs: [{ output: 0, loss: 'meanSquaredError', weight: 1 }],
      distillation: { teacher: other, temperature: 1, weight: 0.5 },
    } as const;
    await expect(tune({ network: own, loss })).rejects.toThrow('only one of teacher and model ends in a softmax');
    // Of an output that learns its labels alone the teacher's is not compared.
    const labels = { ...loss, distillation: { ...loss.distillation, onlyClasses: true } };
    expect((await tune({ network: own, loss: labels, steps: 1 })).steps).toBe(1);
  });
});
