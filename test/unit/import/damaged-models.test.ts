import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHdf5 } from '../../../src/core/import/hdf5/hdf5-file.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { modelTargets } from '../../fuzz/model-targets.ts';
import { fuzz } from '../../fuzz/run-fuzz.ts';
import { importFiles, inTemporaryFolder, kerasH5 } from './keras-model-files.ts';

const data = process.env['ESPALIER_TEST_DATA'];
/** `npm run fuzz` has more of those that take long: of HDF5 every second mutation costs a new thread. */
function mutationsOf(name: string): number {
  if (name.includes('h5') || name.includes('keras')) return 25;
  return /saved model|weights|int8/.test(name) ? 250 : 2000;
}

describe('damaged models', async () => {
  const { targets, dispose } = await modelTargets(data);
  afterAll(dispose);

  it.each(targets.map((target) => [target.name, target] as const))(
    '%s: each mutation ends in a model or a typed error',
    async (name, target) => {
      expect((await fuzz(target, mutationsOf(name), 11)).failures).toEqual([]);
    },
    120_000,
  );

  it.each(targets.map((target) => [target.name, target] as const))('%s: a truncated file is named, with what to do', async (_, target) => {
    for (const fraction of [0.3, 0.9]) {
      await expect(target.read(target.original.slice(0, target.original.length * fraction))).rejects.toMatchObject({
        code: expect.stringMatching(/^(in|un)/) as string,
        message: expect.stringMatching(/^(model|saved-model|variables|saved_model).*: .+; .+/) as string,
      });
    }
  });

  it('a loop in an HDF5 file ends', async () => {
    await expect(readHdf5(await loopedHdf5(), 'loop.h5', { groups: ['model_weights'], endlessSeconds: 1 })).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringMatching(
        /^loop\.h5: is a damaged HDF5 file \(groups are nested more than 100 levels deep.*\); save or download/,
      ) as string,
    });
    // The next file is read by a new thread.
    const sound = await kerasH5({}, new Map());
    expect((await readHdf5(sound, 'sound.h5', { groups: ['model_weights'] })).text('model_config')).toBe('{}');
  });
});

describe('files that are no models', () => {
  const cases: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
    ['an empty file', '', /^model: is empty; give a Keras/],
    ['a zip that is none', 'PK\x03\x04 and then something else', /^model: is a damaged zip file; save or download/],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
      /^model: is a Git LFS pointer.*; run "git lfs pull"/,
    ],
    ['a web page', '<!DOCTYPE html><html></html>', /^model: is a web page.*; download the raw file/],
    ['JSON of something else', '{"name": "package"}', /^model: is JSON without a model topology; give the model\.json/],
    ['a picture', '\x89PNG\r\n', /^model: is in no format that is known here; give a Keras/],
    ['HDF5 of something else', '\x89HDF\r\n\x1a\n and then something else', /^model: is a damaged HDF5 file.*; save or download/],
  ];
  it.each(cases)('%s', async (_, content, message) => {
    await expect(importFiles({ model: typeof content === 'string' ? Buffer.from(content, 'latin1') : content })).rejects.toMatchObject({
      name: 'EspalierError',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a path that does not exist', async () => {
    await expect(importModel('/nowhere/model.h5')).rejects.toMatchObject({
      code: 'file-access',
      message: expect.stringMatching(/\/nowhere\/model\.h5: does not exist; check the path/) as string,
    });
  });

  it('a folder without a model, and a SavedModel without its variables', () =>
    inTemporaryFolder(async (folder) => {
      await expect(importModel(folder)).rejects.toMatchObject({
        code: 'unsupported-model',
        message: expect.stringMatching(/is a folder without saved_model\.pb or model\.json; give a Keras \.h5/) as string,
      });
      await writeFile(join(folder, 'saved_model.pb'), '');
      await expect(importModel(folder)).rejects.toMatchObject({
        code: 'unsupported-model',
        message: expect.stringMatching(/without a Keras config.*; save the Keras model itself/) as string,
      });
    }));

  // The superuser may read everything.
  it.skipIf(process.getuid?.() === 0)('a file that may not be read', () =>
    inTemporaryFolder(async (folder) => {
      await mkdir(join(folder, 'locked'));
      await writeFile(join(folder, 'locked', 'model.h5'), 'x');
      await chmod(join(folder, 'locked', 'model.h5'), 0);
      await expect(importModel(join(folder, 'locked', 'model.h5'))).rejects.toMatchObject({
        code: 'file-access',
        message: expect.stringMatching(/model\.h5: may not be read; give yourself read permission/) as string,
      });
    }),
  );
});

/** A file whose root group holds itself under another name, which the reader descends for ever. */
async function loopedHdf5(): Promise<Uint8Array> {
  const h5wasm = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File('/loop.h5', 'w');
  file.create_group('model_weights').create_hard_link('/model_weights', 'itself');
  file.close();
  return FS.readFile('/loop.h5');
}
