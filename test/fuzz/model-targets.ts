/** Small models in every format, generated or read, as originals for mutations. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTfjsLayers } from '../../src/core/export/tfjs-layers.ts';
import { importModel } from '../../src/core/import/import-model.ts';
import { mnistCnn } from '../../src/core/models/mnist-cnn.ts';
import { writeTflite } from '../../src/core/tflite/write-tflite.ts';

/** A copy: a slice of Node's Buffer shares its memory, and mutations would add up. */
const read = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

export interface FuzzTarget {
  readonly name: string;
  readonly original: Uint8Array;
  /** Reads the damaged bytes; must resolve or reject with an `EspalierError`. */
  read(bytes: Uint8Array): Promise<unknown>;
}

/** `dataFolder` adds the formats that are not written here (HDF5, .keras, SavedModel); `dispose` removes the temporary folder. */
export async function modelTargets(dataFolder: string | undefined): Promise<{ readonly targets: readonly FuzzTarget[]; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-fuzz-'));
  const file = (name: string, original: Uint8Array): FuzzTarget => ({
    name, original,
    read: async (bytes) => {
      const path = join(folder, 'model');
      await writeFile(path, bytes);
      return importModel(path);
    },
  });
  const { json, weights } = writeTfjsLayers(mnistCnn({ seed: 1 }));
  await writeFile(join(folder, 'weights.bin'), weights);
  const targets: FuzzTarget[] = [
    file('tfjs model.json', new TextEncoder().encode(json)),
    file('tflite', writeTflite({ kind: 'float', network: mnistCnn({ seed: 1 }) })),
  ];
  if (dataFolder !== undefined) {
    const models = join(dataFolder, 'models');
    targets.push(file('h5', await read(join(models, 'h5', 'dl4j_cnn_batch_norm.h5'))), file('keras', await read(join(models, 'keras', 'moonflower_mnist_model.keras'))));
    const parts = ['saved_model.pb', 'variables/variables.index', 'variables/variables.data-00000-of-00001'];
    const savedModel = join(folder, 'saved-model');
    await mkdir(join(savedModel, 'variables'), { recursive: true });
    const originals = await Promise.all(parts.map((part) => read(join(models, 'savedmodel', 'kws_ref_model', part))));
    const restore = async (): Promise<void> => { for (const [i, part] of parts.entries()) await writeFile(join(savedModel, part), originals[i] ?? ''); };
    for (const [i, part] of parts.slice(0, 2).entries()) {
      targets.push({
        name: `saved model ${part}`, original: originals[i] ?? new Uint8Array(),
        read: async (bytes) => {
          await restore();
          await writeFile(join(savedModel, part), bytes);
          return importModel(savedModel);
        },
      });
    }
  }
  return { targets, dispose: () => rm(folder, { recursive: true, force: true }) };
}
