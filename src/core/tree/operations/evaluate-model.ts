import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Evaluation, EvaluationResult } from '../../../shared/protocol.ts';
import type { Accuracy } from '../../../shared/results.ts';
import { inputShapesOf } from '../../../shared/recipe/input-shape.ts';
import { chanceWarning, checkData, checkInterface } from '../../data/check-data.ts';
import type { DataSet } from '../../data/dataset.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { createEngine } from '../../engine/create-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { importModel } from '../../import/import-model.ts';
import { evaluateNetwork } from '../../measure/evaluate-network.ts';
import { evaluateTflite } from '../../measure/evaluate-tflite.ts';
import type { ModelInterface } from '../../network/model-interface.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { fileInterface } from '../../tflite/tflite-model.ts';
import { openTask } from '../../task/open-task.ts';
import { importCompared } from '../import-compared.ts';
import { openModelData } from './open-model-data.ts';
import type { TestExamples } from './open-test-examples.ts';
import type { OperationContext } from './operation-context.ts';
import { readTfliteBytes } from './read-model-file.ts';

export interface EvaluationContext extends OperationContext {
  /** Runtimes side by side, for a .tflite; default: all cores. */
  readonly threads?: number | undefined;
  /** The bundled evaluation thread; without it one runtime does all. */
  readonly threadScript: string | URL | undefined;
}

interface Request extends Evaluation {
  readonly context: EvaluationContext;
}

/** @throws EspalierError as importing and opening data do */
export async function evaluateModel(asked: Evaluation, context: EvaluationContext): Promise<EvaluationResult> {
  const evaluation: Request = { ...asked, context };
  const start = performance.now();
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const bytes = await readTfliteBytes(evaluation.model);
  const { accuracy, data } = bytes === undefined ? await evaluateImported(evaluation, warn) : await evaluateFile(evaluation, bytes, warn);
  const nearChance = await chanceWarning(accuracy, data);
  if (nearChance !== undefined) warnings.push(nearChance);
  const classNames = data.target.kind === 'classes' ? data.target.names : undefined;
  return { version: 1, model: evaluation.model, accuracy, classNames, seconds: (performance.now() - start) / 1000, warnings };
}

interface Evaluated {
  readonly accuracy: Accuracy;
  readonly data: DataSet;
}

async function evaluateImported(evaluation: Request, warn: (message: string) => void): Promise<Evaluated> {
  const engine = await createEngine({ onNotice: warn });
  const { network, warnings } = await importCompared(evaluation.model, { inputShapes: inputShapesOf(evaluation.inputShape), engine });
  warnings.forEach(warn);
  const { data, release } = await openSplit(evaluation, { inputs: inputsOf(network), outputs: outputsOf(network) }, warn, engine);
  (await checkData(network, data)).forEach(warn);
  const accuracy = await evaluateNetwork({ engine, network, data, signal: evaluation.context.signal, ...progressOf(evaluation) });
  await release();
  return { accuracy, data };
}

async function evaluateFile(evaluation: Request, bytes: Uint8Array, warn: (message: string) => void): Promise<Evaluated> {
  const ends = withFileInErrors(basename(evaluation.model), () => fileInterface(readTflite(bytes)));
  const { threads = availableParallelism(), threadScript } = evaluation.context;
  const { data, release } = await openSplit(evaluation, ends, warn);
  (await checkInterface(ends, data)).forEach(warn);
  const accuracy = await evaluateTflite({
    bytes,
    data,
    signal: evaluation.context.signal,
    ...progressOf(evaluation),
    threads,
    threadScript,
  });
  await release();
  return { accuracy, data };
}

async function openSplit(
  { data, split = 'test', reference, inputShape }: Request,
  ends: ModelInterface,
  onWarning: (message: string) => void,
  engine?: Engine,
): Promise<TestExamples> {
  const opened = await openModelData(data, ends, onWarning);
  if (reference === undefined) return { data: opened[split], release: () => Promise.resolve() };
  const { network } = await importModel(reference, { inputShapes: inputShapesOf(inputShape) });
  const task = await openTask({
    network,
    data: opened,
    outputs: undefined,
    engine: () => (engine === undefined ? createEngine({ onNotice: onWarning }) : Promise.resolve(engine)),
    isAugmented: false,
  });
  if (task.data === opened)
    onWarning('every output has labels, so nothing is compared with the reference: "labelled": false in the data block leaves them unread');
  return { data: task.data[split], release: task.release };
}

function progressOf({ context }: Request): { readonly onProgress: (fraction: number) => void } {
  return { onProgress: (fraction) => context.onProgress({ phase: 'evaluating', fraction }) };
}
