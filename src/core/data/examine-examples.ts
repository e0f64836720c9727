/** What is wrong with examples however well a network is trained on them, as warnings that say what to do. */
import { createHash } from 'node:crypto';
import type { DataSet, DataSplits } from './dataset.ts';
import { spreadIndices } from './spread-indices.ts';

/** So many are read, and of small examples more: all of MNIST's and CIFAR-10's, in seconds. */
const MOST_EXAMPLES = 10_000;
const MOST_BYTES = 600e6;
/** Digests of as many rows of a table as fit into these bytes would take gigabytes. */
const MOST_SMALL_EXAMPLES = 100_000;
const BATCH = 256;
/** One example more or less moves the accuracy by 1% or more. */
const FEW_TEST_EXAMPLES = 100;

interface Examined {
  readonly digests: readonly string[];
  readonly infinite: number;
  /** Whether not all examples were read. */
  readonly isSample: boolean;
}

/** Few examples, values that are not finite, test examples that are training examples, and examples that are all the same. */
export async function examineExamples({ train, validation, test }: DataSplits): Promise<readonly string[]> {
  const warnings: string[] = [];
  if (test.size < FEW_TEST_EXAMPLES)
    warnings.push(
      `there ${test.size === 1 ? 'is 1 test example' : `are ${test.size} test examples`}: one more that is right or wrong moves the accuracy by ${(100 / Math.max(1, test.size)).toFixed(0)} points; add test examples`,
    );
  if (train.size < 2)
    warnings.push(
      `there ${train.size === 1 ? 'is 1 training example' : 'are no training examples'}: nothing can be learned; check the data block`,
    );
  const [learned, heldBack, tested] = [await examine(train), await examine(validation), await examine(test)];
  for (const [name, { infinite, digests }] of [
    ['training', learned],
    ['validation', heldBack],
    ['test', tested],
  ] as const) {
    if (infinite > 0)
      warnings.push(`${infinite} of ${digests.length} ${name} examples hold values that are not finite: remove them, or fill them in`);
    if (digests.length > 1 && new Set(digests).size === 1)
      warnings.push(`all ${digests.length} ${name} examples are the same: check the data block`);
  }
  // Those that are held back for validation are training examples too: the trained model has seen them.
  const known = new Set([...learned.digests, ...heldBack.digests]);
  const shared = tested.digests.filter((digest) => known.has(digest)).length;
  if (shared > 0)
    warnings.push(
      `${learned.isSample || heldBack.isSample ? 'at least ' : ''}${shared} of ${tested.digests.length} test examples are training examples as well: accuracies say how well they were learned by heart; take them out of one of the two`,
    );
  return warnings;
}

async function examine(data: DataSet): Promise<Examined> {
  const digests: string[] = [];
  let infinite = 0;
  const bytes = data.inputShapes.reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 4), 0);
  const count = Math.min(data.size, MOST_SMALL_EXAMPLES, Math.max(MOST_EXAMPLES, Math.floor(MOST_BYTES / bytes)));
  // Examples are often sorted by class, and what was copied may stand at the end.
  const chosen = spreadIndices(data.size, count);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const { inputs } = await data.read(chosen.subarray(start, start + size));
    for (let example = 0; example < size; example++) {
      const hash = createHash('sha256');
      let isFinite = true;
      for (const input of inputs) {
        const length = input.length / size;
        const values = input.subarray(example * length, (example + 1) * length);
        hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        isFinite &&= values.every((value) => Number.isFinite(value));
      }
      digests.push(hash.digest('base64'));
      if (!isFinite) infinite++;
    }
  }
  return { digests, infinite, isSample: count < data.size };
}
