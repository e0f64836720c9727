/** Since TensorFlow 2.5 the config of a SavedModel stands in keras_metadata.pb. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { kerasMetadata, savedModel } from '../../../src/core/import/saved-model/messages.ts';
import { decode, encode } from '../../../src/core/protobuf/message.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { inTemporaryFolder } from './keras-model-files.ts';

const data = process.env['ESPALIER_TEST_DATA'];

describe.skipIf(data === undefined)('SavedModels', () => {
  const original = join(data ?? '', 'models', 'savedmodel', 'kws_ref_model');

  it('computes the same with its config in keras_metadata.pb', () =>
    inTemporaryFolder(async (folder) => {
      const { metaGraphs } = decode(savedModel, await readFile(join(original, 'saved_model.pb')), '');
      const { identifier, metadata } = metaGraphs[0]!.objectGraph!.nodes[0]!.userObject!;
      const layer = { id: 1, identifier: '_tf_keras_layer', metadata: '{"class_name": "Dense", "config": {}}' };
      // The number of the root node, 0, is the default and left out.
      await writeFile(join(folder, 'keras_metadata.pb'), encode(kerasMetadata, { nodes: [layer, { identifier, metadata }] }));
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
