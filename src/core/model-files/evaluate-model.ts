import { performance } from 'node:perf_hooks';
import type { EvaluationResult } from '../../shared/protocol.ts';
import type { Accuracy } from '../../shared/results.ts';
import { chanceWarning, checkData } from '../data/check-data.ts';
import type { DataSet } from '../data/dataset.ts';
import { openData } from '../data/open-data.ts';
import type { LocatedDataSpec } from '../data/read-data-spec.ts';
import { createEngine } from '../engine/create-engine.ts';
import { importModel } from '../import/import-model.ts';
import { evaluateNetwork } from '../measure/evaluate-network.ts';
import { evaluateTflite } from '../measure/evaluate-tflite.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import { readTfliteBytes } from './read-model-file.ts';

export interface ModelEvaluation {
  /** A model of any format, which runs on the training engine, or a .tflite, which runs in the embedded runtime. */
  readonly model: string;
  readonly data: LocatedDataSpec;
  /** Default: test. */
  readonly split?: 'train' | 'validation' | 'test' | undefined;
  /** Runtimes side by side, for a .tflite. */
  readonly threads?: number | undefined;
  /** The bundled evaluation thread; without it one runtime does all. */
  readonly threadScript?: string | URL | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

/** @throws EspalierError as importing and opening data do */
export async function evaluateModel(evaluation: ModelEvaluation): Promise<EvaluationResult> {
  const start = performance.now();
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const bytes = await readTfliteBytes(evaluation.model);
  const { accuracy, data } = bytes === undefined ? await evaluateImported(evaluation, warn) : await evaluateFile(evaluation, bytes, warn);
  const nearChance = await chanceWarning(accuracy, data);
  if (nearChance !== undefined) warnings.push(nearChance);
  return { version: 1, model: evaluation.model, accuracy, seconds: (performance.now() - start) / 1000, warnings };
}

interface Evaluated {
  readonly accuracy: Accuracy;
  readonly data: DataSet;
}

async function evaluateImported(evaluation: ModelEvaluation, warn: (message: string) => void): Promise<Evaluated> {
  const { network, warnings } = await importModel(evaluation.model);
  warnings.forEach(warn);
  const data = await openSplit(evaluation, network.values.get(network.inputs[0] ?? '')?.shape ?? [], warn);
  (await checkData(network, data)).forEach(warn);
  const engine = await createEngine({ onNotice: warn });
  return { accuracy: await evaluateNetwork({ engine, network, data, signal: evaluation.signal, ...progressOf(evaluation) }), data };
}

async function evaluateFile(evaluation: ModelEvaluation, bytes: Uint8Array, warn: (message: string) => void): Promise<Evaluated> {
  const [graph] = readTflite(bytes).subgraphs;
  const shape = graph?.tensors[graph.inputs[0] ?? -1]?.shape ?? [];
  const data = await openSplit(evaluation, shape.slice(1), warn);
  const { threads, threadScript } = evaluation;
  const accuracy = await evaluateTflite({
    bytes, data, signal: evaluation.signal, ...progressOf(evaluation),
    ...(threads === undefined ? {} : { threads }), ...(threadScript === undefined ? {} : { threadScript }),
  });
  return { accuracy, data };
}

async function openSplit({ data, split = 'test' }: ModelEvaluation, modelInputShape: readonly number[], onWarning: (message: string) => void): Promise<DataSet> {
  return (await openData(data.spec, data.folder, { seed: 0, modelInputShape, onWarning }))[split];
}

function progressOf({ onProgress }: ModelEvaluation): { readonly onProgress?: (fraction: number) => void } {
  return onProgress === undefined ? {} : { onProgress };
}
