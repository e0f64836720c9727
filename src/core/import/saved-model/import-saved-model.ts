/**
 * SavedModels that Keras wrote: the config stands in saved_model.pb (TensorFlow <= 2.4) or keras_metadata.pb (from
 * 2.5), the weights in a checkpoint.
 */
import { join } from 'node:path';
import { EspalierError, isEspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { readRegularFile } from '../../regular-file.ts';
import { decode } from '../../protobuf/message.ts';
import { fileAccessError } from '../file-errors.ts';
import { asObject, type JsonObject, parseJson } from '../json.ts';
import { convertModel } from '../keras/convert-model.ts';
import type { KerasImport } from '../keras/import-h5.ts';
import { parseKerasModel } from '../keras/model-config.ts';
import type { ModelSource } from '../model-source.ts';
import { kerasMetadata, savedModel } from './messages.ts';
import { objectGraphWeights } from './object-graph.ts';
import { openTensorBundle } from './tensor-bundle.ts';

export async function importSavedModel(
  source: ModelSource,
  where: string,
  warn: (message: string) => void,
  inputShapes?: readonly Shape[],
): Promise<KerasImport> {
  const config = (await configFromMetadata(source.folder)) ?? configFromSavedModel(await read(join(source.folder, 'saved_model.pb')));
  if (config === undefined) {
    throw new EspalierError('unsupported-model', 'is a SavedModel without a Keras config: it holds a graph of functions, not layers', {
      where,
      fix: 'save the Keras model itself (model.save("model.keras")), or convert it to a float .tflite and import that',
    });
  }
  const model = parseKerasModel(config, where);
  const bundle = await openTensorBundle(join(source.folder, 'variables'));
  const weights = objectGraphWeights(model, bundle, where);
  return { ...convertModel(model, weights, where, { keras: 2, warn, inputShapes }), kerasVersion: '2.0.0' };
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path);
  } catch (cause) {
    throw fileAccessError(cause, path);
  }
}

/** Of the nodes in keras_metadata.pb, number 0 is the model. */
async function configFromMetadata(folder: string): Promise<JsonObject | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await read(join(folder, 'keras_metadata.pb'));
  } catch (error) {
    if (isEspalierError(error) && error.message.includes('does not exist')) return undefined;
    throw error;
  }
  const root = decode(kerasMetadata, bytes, 'keras_metadata.pb').nodes.find(({ id }) => id === 0);
  return root === undefined ? undefined : modelConfig(root.identifier, root.metadata, 'keras_metadata.pb');
}

/** The first node of the first meta graph's object graph is the model. */
function configFromSavedModel(bytes: Uint8Array): JsonObject | undefined {
  const where = 'saved_model.pb';
  const root = decode(savedModel, bytes, where).metaGraphs[0]?.objectGraph?.nodes[0]?.userObject;
  return root === undefined ? undefined : modelConfig(root.identifier, root.metadata, where);
}

function modelConfig(identifier: string, metadata: string, where: string): JsonObject | undefined {
  if (!identifier.startsWith('_tf_keras') || metadata === '') return undefined;
  const json = asObject(parseJson(metadata, where), where);
  return json['config'] === undefined ? undefined : json;
}
