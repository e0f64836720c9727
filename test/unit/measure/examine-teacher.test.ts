import { expect, it } from 'vitest';
import { examineTeacher } from '../../../src/core/measure/examine-teacher.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { engine } from '../train/fine-tune/tune.ts';
import { halves } from '../train/training-fixtures.ts';

/** Gets `right` of the way to the sum that decides the class: 1 all right, 0 a guess, -1 all wrong. */
function judge(right: number): Network {
  const b = new NetworkBuilder('judge');
  const weights = Array.from({ length: 16 }, (_, p) => (p % 4 < 2 ? right : -right) + (1 - Math.abs(right)) * (p % 3 === 0 ? 2 : -1));
  const kernel = { shape: [2, 16], data: Float32Array.from([...weights.map((x) => -x), ...weights]) };
  return b.build([b.dense('dense', b.flatten('flatten', b.input([4, 4, 1])), { kernel, bias: { shape: [2], data: new Float32Array(2) } })]);
}

const examine = (own: number, taught: number): Promise<string | undefined> =>
  examineTeacher({ engine, network: judge(own), teacher: judge(taught), where: 'big.h5', train: halves(300) });

it('a teacher at chance is refused where the model is not: it sees other inputs or other classes', async () => {
  await expect(examine(1, -1)).rejects.toThrow(
    /^big\.h5: the teacher gets 0\.0% of 256 training examples right, as a guess does, and the model 100\.0%; .*same preprocessing.*same order/,
  );
});

it('a teacher that is clearly worse than the model is warned of', async () => {
  expect(await examine(1, 0.6)).toMatch(/the teacher "big\.h5" gets .* a teacher should be the better/);
  expect(await examine(1, 1)).toBeUndefined();
  // Both at chance: the model is warned of itself.
  expect(await examine(-1, -1)).toBeUndefined();
});
