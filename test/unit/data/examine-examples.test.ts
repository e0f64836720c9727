import { expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { examineExamples } from '../../../src/core/data/examine-examples.ts';

const set = (...examples: readonly number[]): DataSet => setOf(examples, 2);

/** @param length of an example: its number, and zeros */
const setOf = (examples: readonly number[], length: number): DataSet => ({
  name: 'x',
  size: examples.length,
  inputShapes: [[length]],
  target: { kind: 'classes', classes: 2, names: undefined },
  read: (indices) =>
    Promise.resolve({
      size: indices.length,
      inputs: [
        Float32Array.from({ length: indices.length * length }, (_, at) =>
          at % length === 0 ? (examples[indices[at / length] ?? 0] ?? 0) : 0,
        ),
      ],
      labels: new Int32Array(indices.length),
      targets: new Float32Array(0),
    }),
});
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);
const examine = (train: DataSet, test: DataSet): Promise<readonly string[]> => examineExamples({ train, validation: set(), test });

it('says nothing of data that are as they should be', async () => {
  expect(await examine(set(...numbers(300)), set(...numbers(300, 1000)))).toEqual([]);
});

it('says what is wrong, how often, and what to do', async () => {
  expect(await examine(set(...numbers(300)), set(...numbers(200, 280)))).toEqual([
    '20 of 200 test examples are training examples as well: accuracies say how well they were learned by heart; take them out of one of the two',
  ]);
  expect(await examine(set(Infinity, NaN, ...numbers(300)), set(...numbers(200, 1000)))).toEqual([
    '2 of 302 training examples hold values that are not finite: remove them, or fill them in',
  ]);
  expect(await examine(set(1), set(2))).toEqual([
    'there is 1 test example: one more that is right or wrong moves the accuracy by 100 points; add test examples',
    'there is 1 training example: nothing can be learned; check the data block',
  ]);
  expect(await examine(set(5, 5, 5), set(...numbers(200, 10)))).toEqual(['all 3 training examples are the same: check the data block']);
});

it('finds test examples wherever they stand among the training examples, and those held back for validation', async () => {
  // More than 10,000 small ones are all read.
  expect(await examine(set(...numbers(12_000)), set(...numbers(200, 11_900)))).toEqual([
    expect.stringMatching(/^100 of 200 test examples are training examples as well/),
  ]);
  expect(
    await examineExamples({ train: set(...numbers(300)), validation: set(...numbers(100, 300)), test: set(...numbers(200, 390)) }),
  ).toEqual([expect.stringMatching(/^10 of 200 test examples/)]);
  // Of 20,000 that take 80 kB each every second one is read.
  const reads: number[] = [];
  const large = setOf([], 20_000);
  const train: DataSet = {
    ...large,
    size: 20_000,
    read: (indices) => {
      reads.push(...indices);
      const inputs = Float32Array.from({ length: indices.length }, (_, index) => indices[index] ?? 0);
      return Promise.resolve({
        size: indices.length,
        inputs: [inputs],
        labels: new Int32Array(indices.length),
        targets: new Float32Array(0),
      });
    },
  };
  const test: DataSet = { ...train, size: 200, read: (indices) => train.read(indices.map((index) => 19_800 + index)) };
  expect(await examine(train, test)).toEqual([expect.stringMatching(/^at least 100 of 200 test examples are training examples as well/)]);
  expect(reads.slice(0, 3)).toEqual([0, 2, 4]);
});

it('reads a part of a large table, whose digests would take gigabytes', async () => {
  const table = setOf(numbers(120_000), 2);
  expect(await examine(table, setOf(numbers(200, 60_000), 2))).toEqual([
    expect.stringMatching(/^at least 1\d\d of 200 test examples are training examples as well/),
  ]);
});
