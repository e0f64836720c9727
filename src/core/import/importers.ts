/** One importer a format. */
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { ModelFormat } from './detect-format.ts';
import type { ModelSource } from './import-model.ts';
import { importKerasH5 } from './keras/import-h5.ts';
import { importKerasV3 } from './keras/import-keras-v3.ts';
import { importSavedModel } from './saved-model/import-saved-model.ts';
import { importTflite } from './tflite/import-tflite.ts';
import { importTfjsLayers } from './tfjs/import-tfjs-layers.ts';

export type Importer = (source: ModelSource, where: string, warn: (message: string) => void) => Promise<Network>;

/** The formats that are one file. */
const fromBytes =
  (
    read: (
      bytes: Uint8Array,
      where: string,
      warn: (message: string) => void,
    ) => Promise<{ readonly network: Network }> | { readonly network: Network },
  ): Importer =>
  async (source, where, warn) => {
    if (source.kind !== 'file') throw new EspalierError('unsupported-model', 'is a folder, expected a file', { where });
    return (await read(source.bytes, where, warn)).network;
  };

export const importers: Readonly<Record<ModelFormat, Importer>> = {
  'keras-h5': fromBytes(importKerasH5),
  'keras-v3': fromBytes(importKerasV3),
  'tfjs-layers': async (source, where, warn) => (await importTfjsLayers(source, where, warn)).network,
  'saved-model': async (source, where, warn) => (await importSavedModel(source, where, warn)).network,
  tflite: fromBytes(importTflite),
};
