import { basename } from 'node:path';
import type { ModelInspection } from '../../../shared/inspection.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { importCompared } from '../import-compared.ts';
import { inspectNetwork } from './inspect-network.ts';
import { inspectTflite } from './inspect-tflite.ts';
import { readTfliteBytes } from './read-model-file.ts';

/**
 * What is in a model of any format that can be read. A .tflite is described as it stands in the file, quantized ones
 * too; every other model as the network that it becomes.
 *
 * @throws EspalierError `file-access`, `invalid-model` or `unsupported-model`
 */
export async function inspectModel(path: string, inputShape?: InputShape): Promise<ModelInspection> {
  const bytes = await readTfliteBytes(path);
  return bytes === undefined
    ? inspectNetwork(path, await importCompared(path, { inputShapes: inputShapesOf(inputShape) }))
    : withFileInErrors(basename(path), () => inspectTflite(path, bytes));
}
