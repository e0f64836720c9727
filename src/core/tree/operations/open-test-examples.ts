import { createEngine } from '../../engine/create-engine.ts';
import type { DataSet } from '../../data/dataset.ts';
import { outputsOf } from '../../data/inputs/model-inputs.ts';
import { openData } from '../../data/open-data.ts';
import { importModel } from '../../import/import-model.ts';
import { openTask } from '../../task/open-task.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { fileInterface } from '../../tflite/tflite-model.ts';
import type { ResolvedModel } from '../recipe/resolve-recipe.ts';

export interface TestExamples {
  readonly data: DataSet;
  /** Frees what runs the trained model, where outputs are compared with it. */
  readonly release: () => Promise<void>;
}

/** The examples that a run has measured the files of a model on: all of them have the same inputs as this .tflite. */
export async function openTestExamples(model: ResolvedModel, seed: number, tflite: Uint8Array): Promise<TestExamples> {
  const { network } = await importModel(model.path, { inputShapes: model.inputShapes });
  const data = await openData(model.data, model.dataFolder, {
    seed,
    modelInputs: fileInterface(readTflite(tflite)).inputs,
    modelOutputs: outputsOf(network),
  });
  const task = await openTask({ network, data, outputs: model.outputs, engine: () => createEngine({}), isAugmented: false });
  return { data: task.data.test, release: task.release };
}
