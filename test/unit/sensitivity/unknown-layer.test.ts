import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { modelSensitivity } from '../../../src/core/tree/operations/model-sensitivity.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { seededParameter } from '../train/training-fixtures.ts';

it('a layer that the model does not have is refused before data are read and anything is measured', async () => {
  const builder = new NetworkBuilder('small');
  const head = builder.dense('head', builder.flatten('flatten', builder.input([4, 4, 1])), { kernel: seededParameter([2, 16], 4) });
  const model = path.join(temporaryFolder(), 'small.tflite');
  writeFileSync(model, writeTflite({ kind: 'float', network: builder.build([head]) }));
  const context = { signal: new AbortController().signal, onProgress: () => undefined, code: '1' };
  await expect(modelSensitivity({ model, data: 'missing.json', layer: 'heed', threads: 1 }, context)).rejects.toThrow(
    '--layer: no layer with a kernel is called "heed"; the model has "head"',
  );
});
