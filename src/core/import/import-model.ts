import { basename } from 'node:path';
import type { OpenInput } from '../../shared/recipe/input-shape.ts';
import { EspalierError, isEspalierError } from '../errors.ts';
import type { Network, Shape, ValueId } from '../network/network.ts';
import type { OriginalModel } from '../network/original-model.ts';
import { removeDeadOperations } from '../network/passes/remove-dead-operations.ts';
import { removePermutations } from '../network/passes/remove-permutations.ts';
import { validateNetwork } from '../network/validate-network.ts';
import { detectFormat, type ModelFormat } from './detect-format.ts';
import { errorInFile } from './file-errors.ts';
import { importKerasH5 } from './keras/import-h5.ts';
import { importKerasV3 } from './keras/import-keras-v3.ts';
import { type ModelSource, openModel } from './model-source.ts';
import { OpenInputs } from './open-inputs.ts';
import { importOnnx } from './onnx/import-onnx.ts';
import { importSavedModel } from './saved-model/import-saved-model.ts';
import { importTfjsLayers } from './tfjs/import-tfjs-layers.ts';
import { importTflite } from './tflite/import-tflite.ts';
import type { ObservedRange } from './weights.ts';

/** What a format's importer gives: `original` where a runtime can run the model as it is. */
interface ReadModel {
  readonly network: Network;
  readonly original?: OriginalModel;
  readonly ranges?: ReadonlyMap<ValueId, ObservedRange>;
}

export interface ImportOptions {
  /** Lengths for open dimensions: one shape an input, of one example, in the model's own order of axes. */
  readonly inputShapes?: readonly Shape[] | undefined;
}

type Importer = (source: ModelSource, where: string, warn: (message: string) => void, options: ImportOptions) => Promise<ReadModel>;

/** The formats that are one file. */
const fromBytes =
  (
    read: (
      bytes: Uint8Array,
      where: string,
      warn: (message: string) => void,
      inputShapes?: readonly Shape[],
    ) => Promise<ReadModel> | ReadModel,
  ): Importer =>
  async (source, where, warn, { inputShapes }) => {
    if (source.kind !== 'file') throw new EspalierError('unsupported-model', 'is a folder, expected a file', { where });
    return read(source.bytes, where, warn, inputShapes);
  };

const importers: Readonly<Record<ModelFormat, Importer>> = {
  'keras-h5': fromBytes(importKerasH5),
  'keras-v3': fromBytes(importKerasV3),
  'tfjs-layers': (source, where, warn, { inputShapes }) => importTfjsLayers(source, where, warn, inputShapes),
  'saved-model': (source, where, warn, { inputShapes }) => importSavedModel(source, where, warn, inputShapes),
  onnx: async (source, where, warn, { inputShapes }) => {
    if (source.kind !== 'file') throw new EspalierError('unsupported-model', 'is a folder, expected a file', { where });
    return importOnnx(source.bytes, source.folder, where, warn, inputShapes);
  },
  tflite: fromBytes(importTflite),
};

export interface ImportedModel {
  readonly network: Network;
  readonly format: ModelFormat;
  /** What the user should know: layers left out, layouts changed. */
  readonly warnings: readonly string[];
  /** Of formats that a runtime here can run: see `compareWithOriginal` in core/measure. */
  readonly original?: OriginalModel | undefined;
  /** What quantizers of the training saw of values, where the model keeps that. */
  readonly ranges: ReadonlyMap<ValueId, ObservedRange>;
}

/**
 * Reads a model from a file or folder; its content says which format it is. Throws `file-access` when it cannot be
 * read, `invalid-model` when it is damaged, `unsupported-model` (with what to do) when the network cannot express it.
 */
export async function importModel(path: string, options: ImportOptions = {}): Promise<ImportedModel> {
  const where = basename(path);
  const warnings: string[] = [];
  const source = await openModel(path);
  const format = detectFormat(source, where);
  try {
    const warn = (message: string): void => void warnings.push(message);
    const { network: imported, original, ranges = new Map() } = await importers[format](source, where, warn, options);
    // Of ONNX the inputs' layouts are decided already.
    const network = keepTrainingOperations(removePermutations(imported, warn, { convertInputs: format !== 'onnx' }));
    validateNetwork(network);
    const transposed = network.operations.filter(({ kind }) => kind === 'permute').map(({ layer }) => `"${layer}"`);
    if (format === 'onnx' && transposed.length > 0)
      warn(
        `${transposed.length === 1 ? 'a transposition is' : `${transposed.length} transpositions are`} left in the network, at ${transposed.join(', ')}`,
      );
    return { network, format, warnings, original, ranges: new Map([...ranges].filter(([id]) => network.values.has(id))) };
  } catch (cause) {
    if (isEspalierError(cause)) throw errorInFile(cause, where);
    // A RangeError or TypeError in a reader means a damaged file, not a bug.
    if (cause instanceof RangeError || cause instanceof TypeError) {
      throw new EspalierError('invalid-model', 'is damaged', { where, cause, fix: 'save or download the model again' });
    }
    throw cause;
  }
}

/**
 * All inputs of a model with their shapes where a length other than the batch is open; none where every length is known.
 *
 * @throws EspalierError as importing does, but for open lengths
 */
export async function openInputs(path: string): Promise<readonly OpenInput[]> {
  try {
    await importModel(path);
    return [];
  } catch (error) {
    if (isEspalierError(error) && error.cause instanceof OpenInputs) return error.cause.inputs;
    throw error;
  }
}

/** Keeps dropout, which training uses, and removes operations that no output depends on. */
function keepTrainingOperations(network: Network): Network {
  const read = new Set([...network.outputs, ...network.operations.flatMap(({ inputs }) => inputs)]);
  const hasDead = network.operations.some(({ output }) => !read.has(output));
  return hasDead ? removeDeadOperations(network) : network;
}
