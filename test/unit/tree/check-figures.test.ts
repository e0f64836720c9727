import { expect, it } from 'vitest';
import { allFileSizes } from '../../../src/core/measure/file-sizes.ts';
import { packLeaf } from '../../../src/core/measure/pack-leaf.ts';
import { weightMetrics, withPackedBytes } from '../../../src/core/measure/weight-metrics.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { checkFigures } from '../../../src/core/tree/operations/verify-run.ts';
import type { WeightMetrics } from '../../../src/shared/results.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';

it('figures of a packed leaf are those that its two files give, with or without the packed bytes of each kernel', async () => {
  const tflite = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));
  const packed = packLeaf(tflite, 'small')!;
  const plain = weightMetrics(readTflite(tflite));
  const counted = withPackedBytes(plain, readTflite(packed));
  expect(counted.some(({ packedBytes = 0 }) => packedBytes > 0)).toBe(true);
  const sizes = { ...(await allFileSizes(tflite)), packed: packed.length };
  const check = (weights: readonly WeightMetrics[]): Promise<readonly string[]> =>
    checkFigures({
      files: { model: new Uint8Array(0), tflite, packed },
      metrics: {
        simulated: undefined,
        deployed: undefined,
        sizes,
        weights,
        latency: undefined,
        certificate: undefined,
        trainingSeconds: undefined,
        curve: [],
      },
      densities: [],
    });
  expect(await check(counted)).toEqual([]);
  // As earlier versions have recorded them.
  expect(await check(plain)).toEqual([]);
  const changed = counted.map((kernel) => ({ ...kernel, packedBytes: kernel.packedBytes && kernel.packedBytes + 1 }));
  expect(await check(changed)).toEqual(['the zeros and unique values of its .tflite are not those that are recorded']);
});
