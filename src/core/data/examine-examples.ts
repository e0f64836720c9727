/** What is wrong with examples however well a network is trained on them, as warnings that say what to do. */
import { createHash } from 'node:crypto';
import type { DataSet, DataSplits } from './dataset.ts';

/** Read at most: enough to notice, quick enough for every run. */
const MOST_EXAMPLES = 10_000;
const BATCH = 256;
/** One example more or less moves the accuracy by 1% or more. */
const FEW_TEST_EXAMPLES = 100;

interface Examined {
  readonly digests: readonly string[];
  readonly infinite: number;
}

/** Few examples, values that are not finite, test examples that are training examples, and examples that are all the same. */
export async function examineExamples({ train, test }: DataSplits): Promise<readonly string[]> {
  const warnings: string[] = [];
  if (test.size < FEW_TEST_EXAMPLES)
    warnings.push(
      `there ${test.size === 1 ? 'is 1 test example' : `are ${test.size} test examples`}: one more that is right or wrong moves the accuracy by ${(100 / Math.max(1, test.size)).toFixed(0)} points; add test examples`,
    );
  if (train.size < 2)
    warnings.push(
      `there ${train.size === 1 ? 'is 1 training example' : 'are no training examples'}: nothing can be learned; check the data block`,
    );
  const [learned, tested] = [await examine(train), await examine(test)];
  for (const [name, { infinite, digests }] of [
    ['training', learned],
    ['test', tested],
  ] as const) {
    if (infinite > 0)
      warnings.push(`${infinite} of ${digests.length} ${name} examples hold values that are not finite: remove them, or fill them in`);
    if (digests.length > 1 && new Set(digests).size === 1)
      warnings.push(`all ${digests.length} ${name} examples are the same: check the data block`);
  }
  const known = new Set(learned.digests);
  const shared = tested.digests.filter((digest) => known.has(digest)).length;
  if (shared > 0)
    warnings.push(
      `${shared} of ${tested.digests.length} test examples are training examples as well: accuracies say how well they were learned by heart; take them out of one of the two`,
    );
  return warnings;
}

async function examine(data: DataSet): Promise<Examined> {
  const digests: string[] = [];
  let infinite = 0;
  const count = Math.min(data.size, MOST_EXAMPLES);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const { inputs } = await data.read(Uint32Array.from({ length: size }, (_, index) => start + index));
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
  return { digests, infinite };
}
