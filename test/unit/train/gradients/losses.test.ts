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

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const binary = (logit: number, wanted: number): number => Math.log(1 + Math.exp(logit)) - wanted * logit;

it.each([
  [
    'binary cross-entropy: that of the softened sigmoids, times the square of the temperature',
    'binaryCrossEntropy' as const,
    (row: readonly number[], taught: readonly number[], wanted: readonly number[]): number =>
      row.reduce((sum, x, k) => sum + 0.7 * 9 * binary(x / 3, sigmoid(taught[k]! / 3)) + 0.3 * binary(x, wanted[k]!), 0) / 3,
  ],
  [
    'squared error: that of the teacher and that of the targets, in parts',
    'meanSquaredError' as const,
    (row: readonly number[], taught: readonly number[], wanted: readonly number[]): number =>
      row.reduce((sum, x, k) => sum + 0.7 * (x - taught[k]!) ** 2 + 0.3 * (x - wanted[k]!) ** 2, 0) / 3,
  ],
])('distillation with a %s', async (_, kind, lossOf) => {
  const inputs = randomData(batchSize * 6, 8);
  const targets = Float32Array.from([0, 1, 1, 1, 0, 0, 0, 0, 1]);
  const taught = rows(batchOutputs(teacher, inputs));
  const expected = numericGradient(
    classifier(3),
    (outputs) => rows(outputs).reduce((sum, row, i) => sum + lossOf(row, taught[i]!, rows([...targets])[i]!), 0) / 3,
    inputs,
  );
  const loss: Loss = {
    kind: 'outputs',
    outputs: [{ output: 0, loss: kind, weight: 1 }],
    distillation: { teacher, temperature: 3, weight: 0.7 },
  };
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(3),
      loss,
      kind === 'binaryCrossEntropy' ? { kind: 'multiLabel', size: 3, names: undefined } : { kind: 'regression', size: 3 },
      { inputs, labels: new Int32Array(0), targets },
    ),
    expected,
    1e-4,
  );
});

it('cross-entropy of each position, without those that have no class', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const map = Int32Array.of(2, 0, 255, 1, 0, 255);
  const expected = numericGradient(
    classifier(6),
    (outputs) =>
      -Array.from(map).reduce(
        (sum, label, position) => (label === 255 ? sum : sum + Math.log(softmaxOf(outputs.slice(3 * position, 3 * position + 3))[label]!)),
        0,
      ) / 4,
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      classifier(6),
      { kind: 'crossEntropy' },
      { kind: 'classMap', positions: 2, classes: 3, names: undefined },
      { inputs, labels: map, targets: new Float32Array(0) },
    ),
    expected,
    1e-4,
  );
});

it('the weighted sum over outputs, each with its own labels or numbers, squared errors over their variance', async () => {
  const inputs = randomData(batchSize * 6, 8);
  const heads = network([2, 3, 1], (b, x) => {
    const flat = b.flatten('f', x);
    const logits = b.dense('d', flat, { kernel: seededParameter([3, 12], 3), bias: bias(3) });
    return b.concat('both', [logits, b.dense('e', flat, { kernel: seededParameter([2, 12], 5), bias: bias(2) })], 0);
  });
  // The two outputs as values of one network; the last operation only joins them for the numeric gradient.
  const [logits = '', size = ''] = heads.operations.at(-1)?.inputs ?? [];
  const targets = Float32Array.of(0.5, -1, 2, 0, 1, 1);
  const expected = numericGradient(
    heads,
    (outputs) => {
      const rowsOf = [0, 1, 2].map((i) => outputs.slice(5 * i, 5 * i + 5));
      const hard = -rowsOf.reduce((sum, row, i) => sum + Math.log(softmaxOf(row.slice(0, 3))[labels[i]!]!), 0) / 3;
      const squared = rowsOf.reduce((sum, row, i) => sum + (row[3]! - targets[2 * i]!) ** 2 + (row[4]! - targets[2 * i + 1]!) ** 2, 0) / 6;
      return 2 * hard + (0.5 * squared) / 4;
    },
    inputs,
  );
  compare(
    await symbolicGradient(
      engines[0]!,
      { ...heads, outputs: [size, logits] },
      {
        kind: 'outputs',
        outputs: [
          { output: 1, loss: 'crossEntropy', weight: 2 },
          { output: 0, loss: 'meanSquaredError', weight: 0.5, variance: 4 },
        ],
      },
      {
        kind: 'outputs',
        outputs: [
          { name: 'size', output: 0, target: { kind: 'regression', size: 2 } },
          { name: 'kind', output: 1, target: { kind: 'classes', classes: 3, names: undefined } },
        ],
      },
      { inputs, labels, targets },
    ),
    expected,
    1e-4,
  );
});
