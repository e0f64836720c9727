/** Checks that a run's files were not changed and that its figures follow from them. */
import path from 'node:path';
import { availableParallelism } from 'node:os';
import type { NodeFinished, RunEvent } from '../../../shared/events.ts';
import type { Accuracy } from '../../../shared/results.ts';
import { reduceEvents } from '../../../shared/run-state.ts';
import { isEspalierError } from '../../errors.ts';
import type { DataSet } from '../../data/dataset.ts';
import { certify } from '../../measure/certify.ts';
import { throwIfCancelled } from '../../measure/evaluate-network.ts';
import { evaluateTflite } from '../../measure/evaluate-tflite.ts';
import { allFileSizes } from '../../measure/file-sizes.ts';
import { weightMetrics, withPackedBytes } from '../../measure/weight-metrics.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { resolveModels, type ResolvedModel } from '../recipe/resolve-recipe.ts';
import type { StageOutcome } from '../stages/stage-runner.ts';
import { digestOf } from '../store/digest.ts';
import { readResult } from '../store/result-folder.ts';
import { recipeFolderOf, resultPath } from '../store/run-store.ts';
import { damagedRecommendations } from '../recommended-files.ts';
import { ownBasisFile } from '../search-support.ts';
import { readSealedJson } from '../store/sealed-file.ts';
import { readRunFolder, whyUnreadable } from '../stored-run.ts';
import type { EvaluationContext } from './evaluate-model.ts';
import { openTestExamples, type TestExamples } from './open-test-examples.ts';

export interface VerificationProblem {
  /** Undefined for what concerns the whole run. */
  readonly model: string | undefined;
  readonly node: string | undefined;
  readonly message: string;
}

export interface RunVerification {
  readonly runId: string;
  readonly runFolder: string;
  /** Results whose digests, sizes, weights and certificate agree. */
  readonly verified: number;
  readonly problems: readonly VerificationProblem[];
  /** Of the nodes whose accuracy was measured again. */
  readonly accuracies: readonly VerifiedAccuracy[];
}

export interface VerifiedAccuracy {
  readonly model: string;
  readonly node: string;
  readonly recorded: Accuracy;
  readonly measured: Accuracy;
}

export interface VerifyOptions {
  /** Measures every file again on the test examples. */
  readonly accuracy: boolean;
  readonly context: EvaluationContext;
}

/**
 * Compares every file of a run with its digest, and computes sizes, weights, certificates and, on request, accuracies
 * again from the bytes of the `.tflite` files.
 */
export async function verifyRun(runFolder: string, { accuracy, context }: VerifyOptions): Promise<RunVerification> {
  const problems: VerificationProblem[] = [];
  const accuracies: VerifiedAccuracy[] = [];
  let verified = 0;
  try {
    const { stored, events } = await readRunFolder(runFolder);
    if (events.length === 0)
      problems.push({
        model: undefined,
        node: undefined,
        message: 'it has no events: its process ended before the first one, or they were removed',
      });
    const resolved = accuracy ? await resolveModels(stored.recipe, recipeFolderOf(runFolder)) : [];
    const { models } = reduceEvents(events);
    for (const { model, nodes } of models) {
      const tflites = new Map<string, Uint8Array>();
      const tests = new OpenedExamples(
        resolved.find(({ name }) => name === model),
        stored.recipe.seed ?? 0,
      );
      try {
        for (const { node, parent, state } of nodes.values()) {
          throwIfCancelled(context.signal);
          if (state.kind !== 'done') continue;
          const about = { model, node: node.id };
          const found = await readResult(path.join(runFolder, resultPath(model, node.id)));
          const own =
            found.kind !== 'sound'
              ? [found.kind === 'damaged' ? found.problems.join('; ') : 'its result is missing']
              : [
                  ...reportedOtherwise(found.outcome, events, about),
                  ...(await checkFigures(found.outcome)),
                  ...checkCertificate(found.outcome, parent === undefined ? 'none' : (tflites.get(parent) ?? 'damaged')),
                ];
          if (found.kind === 'sound') tflites.set(node.id, found.outcome.files.tflite);
          if (found.kind === 'sound' && accuracy && found.outcome.metrics.deployed !== undefined) {
            const recorded = found.outcome.metrics.deployed;
            const measured = await measureAgain(found.outcome.files.tflite, tests, about, context);
            accuracies.push({ ...about, recorded, measured });
            const differences = differenceOfAccuracy(recorded, measured);
            if (differences !== undefined) own.push(differences);
          }
          if (own.length === 0) verified++;
          for (const message of own) problems.push({ ...about, message });
        }
      } finally {
        await tests.release();
      }
    }
    for (const { model, node, budget } of await damagedRecommendations(runFolder, events))
      problems.push({ model, node, message: `the file that is recommended for budget ${budget + 1} is not the file of this node` });
    for (const { model } of models)
      for (const message of await damagedBasis(path.join(runFolder, ownBasisFile(stored.recipe, model))))
        problems.push({ model: undefined, node: undefined, message });
  } catch (error) {
    if (isEspalierError(error) && error.code === 'cancelled') throw error;
    problems.push({ model: undefined, node: undefined, message: whyUnreadable(error) });
  }
  return { runId: path.basename(runFolder), runFolder, verified, problems, accuracies };
}

async function measureAgain(
  tflite: Uint8Array,
  tests: OpenedExamples,
  { model, node }: { readonly model: string; readonly node: string },
  { threads = availableParallelism(), signal, onProgress, threadScript }: EvaluationContext,
): Promise<Accuracy> {
  return evaluateTflite({
    bytes: tflite,
    data: await tests.of(tflite),
    threads,
    signal,
    onProgress: (fraction) => onProgress({ phase: `${model}, ${node}`, fraction }),
    ...(threadScript === undefined ? {} : { threadScript }),
  });
}

/** Whether a result that the run reports is missing, or not as it was written. */
export async function hasDamagedResults(runFolder: string): Promise<boolean> {
  const { events } = await readRunFolder(runFolder);
  for (const { model, nodes } of reduceEvents(events).models) {
    for (const { node, state } of nodes.values()) {
      if (state.kind !== 'done') continue;
      const found = await readResult(path.join(runFolder, resultPath(model, node.id)));
      if (found.kind !== 'sound') return true;
    }
  }
  return (await damagedRecommendations(runFolder, events)).length > 0;
}

/** What a search has measured; a run of another kind has no such file. */
async function damagedBasis(file: string): Promise<readonly string[]> {
  try {
    await readSealedJson(file, 'it is measured again where the run is resumed');
    return [];
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return [error.message];
  }
}

/** Compares what the reports show, which is made of the events. */
function reportedOtherwise(
  { metrics }: StageOutcome,
  events: readonly RunEvent[],
  { model, node }: { readonly model: string; readonly node: string },
): readonly string[] {
  const last = events.findLast(
    (event): event is NodeFinished => event.type === 'node-finished' && event.model === model && event.node === node,
  );
  // What a file needs of a device is no part of its result.
  return last === undefined || digestOf({ ...last.metrics, hardware: undefined }) === digestOf({ ...metrics, hardware: undefined })
    ? []
    : ['the events of the run report other figures than its result'];
}

/** Sizes and weights, computed again from the bytes of the .tflite. */
export async function checkFigures({ files: { tflite, packed }, metrics }: StageOutcome): Promise<readonly string[]> {
  const weights = weightMetrics(readTflite(tflite));
  // Results of earlier versions have a packed file, but not what each kernel takes in it.
  const countsPacked = metrics.weights?.some(({ packedBytes }) => packedBytes !== undefined) === true;
  const figures = [
    [
      'sizes',
      metrics.sizes,
      { ...(await allFileSizes(tflite)), packed: packed?.length ?? (metrics.sizes?.packed === undefined ? undefined : tflite.length) },
    ],
    [
      'zeros and unique values',
      metrics.weights,
      countsPacked && packed !== undefined ? withPackedBytes(weights, readTflite(packed)) : weights,
    ],
  ] as const;
  return figures.flatMap(([what, recorded, found]) =>
    digestOf(recorded) === digestOf(found) ? [] : [`the ${what} of its .tflite are not those that are recorded`],
  );
}

/** @param parent bytes of the parent's .tflite; with a damaged one there is nothing to compare with, and its node has the problem */
function checkCertificate(
  { files: { tflite, packed }, metrics: { certificate }, expectations }: StageOutcome,
  parent: Uint8Array | 'none' | 'damaged',
): readonly string[] {
  if (expectations === undefined || certificate === undefined || parent === 'damaged') return [];
  const verdict = certify({ bytes: tflite, expectations, parent: parent === 'none' ? undefined : parent, packed });
  if (digestOf(verdict) !== digestOf(certificate)) return ['its certificate, computed again, is not the one that is recorded'];
  return verdict.passed ? [] : ['its certificate fails, as is recorded'];
}

function differenceOfAccuracy(recorded: Accuracy, measured: Accuracy): string | undefined {
  const fields = [
    'top1',
    'top5',
    'meanSquaredError',
    'meanAbsoluteError',
    'rSquared',
    'meanIoU',
    'meanAveragePrecision',
    'cosine',
    'sqnr',
    'rocAuc',
    'samples',
  ] as const;
  const differing = fields.filter((field) => field in recorded && !isSame(field, recorded[field], measured[field]));
  if (differing.length === 0) return undefined;
  const runtimes = recorded.runtime === measured.runtime ? '' : `, in ${measured.runtime} instead of ${recorded.runtime}`;
  return `measured again, ${differing.map((field) => `${field} is ${String(measured[field])} instead of ${String(recorded[field])}`).join(', ')}${runtimes}`;
}

/** The trained model's outputs are computed again too, on any number of threads, and may be rounded otherwise. */
function isSame(field: string, recorded: number | undefined, measured: number | undefined): boolean {
  if (recorded === measured) return true;
  const isAgreement = field === 'cosine' || field === 'sqnr' || field === 'meanSquaredError';
  return isAgreement && recorded !== undefined && measured !== undefined && Math.abs(recorded - measured) <= 1e-4 * Math.abs(recorded);
}

/** Test examples, opened once for each model: all its files have the same inputs. */
class OpenedExamples {
  readonly #model: ResolvedModel | undefined;
  readonly #seed: number;
  #opened: Promise<TestExamples> | undefined;

  constructor(model: ResolvedModel | undefined, seed: number) {
    this.#model = model;
    this.#seed = seed;
  }

  async of(tflite: Uint8Array): Promise<DataSet> {
    const model = this.#model;
    if (model === undefined) throw new Error('the recipe has no such model');
    this.#opened ??= openTestExamples(model, this.#seed, tflite);
    return (await this.#opened).data;
  }

  /** Examples that could not be opened have nothing to free; why is said where they were wanted. */
  async release(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.release();
  }
}
