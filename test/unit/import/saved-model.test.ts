/** Since TensorFlow 2.5 the config of a SavedModel stands in keras_metadata.pb. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { messages, readFields, text } from '../../../src/core/import/saved-model/protobuf.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { inTemporaryFolder } from './keras-model-files.ts';

const data = process.env['ESPALIER_TEST_DATA'];

/** A length-delimited field of fewer than 2^28 bytes. */
function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest >>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), content]);
}

describe.skipIf(data === undefined)('SavedModels', () => {
  const original = join(data ?? '', 'models', 'savedmodel', 'kws_ref_model');

  it('computes the same with its config in keras_metadata.pb', () =>
    inTemporaryFolder(async (folder) => {
      let fields = readFields(await readFile(join(original, 'saved_model.pb')), '');
      for (const number of [2, 7, 1, 4]) fields = readFields(messages(fields, number)[0]!, '');
      // The number of the root node, 0, is the default and left out.
      const layer = Buffer.concat([
        Buffer.from([2 * 8, 1]),
        field(4, Buffer.from('_tf_keras_layer')),
        field(5, Buffer.from('{"class_name": "Dense", "config": {}}')),
      ]);
      const root = Buffer.concat([field(4, Buffer.from(text(fields, 1))), field(5, Buffer.from(text(fields, 3)))]);
      await writeFile(join(folder, 'keras_metadata.pb'), Buffer.concat([field(1, layer), field(1, root)]));
      await writeFile(join(folder, 'saved_model.pb'), '');
      await mkdir(join(folder, 'variables'));
      for (const name of ['variables.index', 'variables.data-00000-of-00001'])
        await cp(join(original, 'variables', name), join(folder, 'variables', name));
      const [expected, { network }] = [await importModel(original), await importModel(folder)];
      const x = randomData(490, 5);
      expect(referenceOutputs(network, [x])).toEqual(referenceOutputs(expected.network, [x]));
    }));

  it('names the shard that is missing', () =>
    inTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'variables'));
      for (const name of ['saved_model.pb', 'variables/variables.index']) await cp(join(original, name), join(folder, name));
      await expect(importModel(folder)).rejects.toMatchObject({
        code: 'file-access',
        message: expect.stringMatching(/variables\.data-00000-of-00001: does not exist/) as string,
      });
    }));
});
