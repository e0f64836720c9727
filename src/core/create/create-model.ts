/** A new model by the name of its architecture: initial weights, or trained on data, in a file that Keras opens. */
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inputsOf, outputsOf } from '../data/inputs/model-inputs.ts';
import { openData } from '../data/open-data.ts';
import type { DataSplits } from '../data/dataset.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { writeKerasV3 } from '../export/keras-v3.ts';
import { writeTfjsLayers } from '../export/tfjs-layers.ts';
import type { ArchitectureName, ArchitectureOptions } from '../models/architectures.ts';
import { buildArchitecture } from '../models/architectures.ts';
import type { Network } from '../network/network.ts';
import { readDataBlock } from '../tree/recipe/read-data-block.ts';
import { withFileErrors, writeFileAtomically } from '../tree/store/atomic-files.ts';
import type { TrainingProgress } from '../../shared/events.ts';
import type { Accuracy } from '../../shared/results.ts';
import { trainFromScratch, type TrainingPlan } from './train-from-scratch.ts';

export interface CreateModelOptions {
  readonly architecture: ArchitectureName;
  readonly options: ArchitectureOptions;
  /** Of the initial weights, and of the order of training. */
  readonly seed: number;
  /** `.keras`, or the `model.json` of a TFJS layers model. */
  readonly output: string;
  readonly training?: ModelTraining | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: 'training' | 'evaluating', fraction: number, training?: TrainingProgress) => void;
  readonly warn: (message: string) => void;
}

export interface ModelTraining {
  /** A data block (paths relative to the current folder), or the path of a file with one. */
  readonly data: object | string;
  readonly plan: TrainingPlan;
  /** Trains; the fastest that works here without it. */
  readonly engine?: Engine | undefined;
}

export interface CreatedModel {
  readonly files: readonly string[];
  readonly network: Network;
  readonly parameters: number;
  readonly trained: { readonly accuracy: Accuracy; readonly seconds: number } | undefined;
}

/**
 * Builds, trains where there are data, and writes. Nothing is written before all of it is done.
 *
 * @throws EspalierError `invalid-argument` for an output of another format, and as opening data, training and writing do
 */
export async function createModel(request: CreateModelOptions): Promise<CreatedModel> {
  const { architecture, options, seed, output, training, signal, onProgress, warn } = request;
  const write = writerFor(output);
  const initial = buildArchitecture(architecture, options, seed);
  let network = initial;
  let trained: CreatedModel['trained'];
  if (training !== undefined) {
    const engine = training.engine ?? (await createEngine({ onNotice: warn }));
    const data = await openTrainingData(training.data, initial, seed, warn);
    const baseline = await trainFromScratch({ engine, network: initial, data, plan: training.plan, seed, signal, onProgress });
    network = baseline.network;
    trained = { accuracy: baseline.accuracy, seconds: baseline.seconds };
  }
  const files = await write(network);
  await withFileErrors(output, () => mkdir(dirname(output), { recursive: true }));
  for (const [file, content] of files) await writeFileAtomically(file, content);
  return {
    files: [...files.keys()],
    network,
    parameters: [...network.parameters.values()].reduce((sum, { data }) => sum + data.length, 0),
    trained,
  };
}

/** The contents of the files by their paths; the one that names the others is the last. */
type Writer = (network: Network) => Promise<ReadonlyMap<string, string | Uint8Array>>;

function writerFor(output: string): Writer {
  if (output.endsWith('.keras')) return async (network) => new Map([[output, await writeKerasV3(network)]]);
  if (output.endsWith('.json')) {
    const weightsFile = `${basename(output, '.json')}.weights.bin`;
    return (network) => {
      const { json, weights } = writeTfjsLayers(network, weightsFile);
      return Promise.resolve(
        new Map<string, string | Uint8Array>([
          [join(dirname(output), weightsFile), weights],
          [output, json],
        ]),
      );
    };
  }
  throw new EspalierError('invalid-argument', `cannot write "${basename(output)}"`, {
    where: 'output',
    fix: 'end the name in .keras, or in .json for a TFJS layers model',
  });
}

async function openTrainingData(
  data: object | string,
  network: Network,
  seed: number,
  onWarning: (message: string) => void,
): Promise<DataSplits> {
  const { spec, folder } = await readDataBlock(data, '.');
  return openData(spec, folder, { seed, onWarning, modelInputs: inputsOf(network), modelOutputs: outputsOf(network) });
}
