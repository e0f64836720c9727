import { it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import type { Loss } from '../../../../src/core/train/fine-tuning.ts';
import { randomData } from '../../fixtures/random-data.ts';
import { seededParameter } from '../training-fixtures.ts';
import { batchOutputs, batchSize, bias, compare, engines, network, numericGradient, symbolicGradient } from './gradient-fixtures.ts';

const classifier = (outputs: number) =>
  network([2, 3, 1], (b, x) => b.dense('d', b.flatten('f', x), { kernel: seededParameter([outputs, 12], 3), bias: bias(outputs) }));
const labels = Int32Array.of(2, 0, 1);
const teacher = ((): Network => ({
  ...classifier(3),
  parameters: new Map([...classifier(3).parameters].map(([id, { shape, data }]) => [id, { shape, data: data.map((x) => x * -1.5) }])),
}))();
const softmaxOf = (logits: readonly number[]): number[] => {
  const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
  return logits.map((x) => Math.exp(x) / total);
};
const rows = (values: readonly number[]): number[][] => [0, 1, 2].map((i) => values.slice(3 * i, 3 * i + 3));

it('cross-entropy over classes', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const expected = numericGradient(
    classifier(3),
    (outputs) => -rows(outputs).reduce((sum, row, i) => sum + Math.log(softmaxOf(row)[labels[i]!]!), 0) / 3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      { kind: 'crossEntropy' },
      { kind: 'classes', classes: 3, names: undefined },
      { inputs, labels, targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

it('cross-entropy against soft targets', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const targets = Float32Array.from([0.2, 0.5, 0.3, 1, 0, 0, 0.1, 0.1, 0.8]);
  const expected = numericGradient(
    classifier(3),
    (outputs) =>
      -rows(outputs).reduce((sum, row, i) => sum + softmaxOf(row).reduce((part, p, k) => part + targets[3 * i + k]! * Math.log(p), 0), 0) /
      3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      { kind: 'crossEntropy' },
      { kind: 'regression', size: 3 },
      { inputs, labels: new Int32Array(0), targets },
    ),
    expected,
    1e-4,
  );
});

it('binary cross-entropy of one output', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const expected = numericGradient(
    classifier(1),
    (outputs) => outputs.reduce((sum, x, i) => sum + Math.log(1 + Math.exp(-x)) + (1 - [1, 0, 1][i]!) * x, 0) / 3,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(1),
      { kind: 'binaryCrossEntropy' },
      { kind: 'classes', classes: 2, names: undefined },
      { inputs, labels: Int32Array.of(1, 0, 1), targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

it('distillation: temperature squared times the divergence from the teacher, plus cross-entropy', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const [temperature, weight] = [3, 0.7];
  const taught = rows(batchOutputs(teacher, inputs)).map((row) => softmaxOf(row.map((x) => x / temperature)));
  const expected = numericGradient(
    classifier(3),
    (outputs) =>
      rows(outputs).reduce((sum, row, i) => {
        const soft = softmaxOf(row.map((x) => x / temperature));
        const divergence = taught[i]!.reduce((part, p, k) => part + p * Math.log(p / soft[k]!), 0);
        return sum + weight * temperature ** 2 * divergence - (1 - weight) * Math.log(softmaxOf(row)[labels[i]!]!);
      }, 0) / 3,
    inputs,
  );
  const loss: Loss = { kind: 'distillation', teacher, temperature, weight };
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      loss,
      { kind: 'classes', classes: 3, names: undefined },
      { inputs, labels, targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});
