/** What a search from budgets needs to know of a model before it trains: made once, and kept. */
import path from 'node:path';
import { isRecord } from '../../shared/checked-json.ts';
import { trainingDefaults } from '../../shared/recipe/defaults.ts';
import type { SensitivityReport } from '../../shared/sensitivity.ts';
import { outputsOf, inputsOf } from '../data/inputs/model-inputs.ts';
import type { DataSplits } from '../data/dataset.ts';
import { openData } from '../data/open-data.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { HardwareTarget } from '../hardware/targets.ts';
import { importModel } from '../import/import-model.ts';
import { evaluateNetwork } from '../measure/evaluate-network.ts';
import { evaluateTflite } from '../measure/evaluate-tflite.ts';
import type { Network } from '../network/network.ts';
import type { KeptLayers } from '../sensitivity/kept-layers.ts';
import { standardErrorOf, taskError } from '../scoring/task-error.ts';
import { openTask } from '../task/open-task.ts';
import { packedSize } from '../tflite/pack/pack-tflite.ts';
import { prepareStepTiming } from '../train/step-timing.ts';
import { integerStructure } from './operations/integer-structure.ts';
import { networkSensitivity } from './operations/model-sensitivity.ts';
import { countedNpu } from './profile-node.ts';
import { SearchStructures } from './search-structures.ts';
import type { Environment } from './environment.ts';
import type { Identity } from './identity.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { checkFrozenLayers } from '../techniques/frozen-layers.ts';
import { kernelsOf } from '../techniques/kernels.ts';
import { requireLayer } from '../techniques/layer-rules.ts';
import { folderName } from './store/folder-names.ts';
import { digestOf } from './store/digest.ts';
import { checkTeachers } from './teachers.ts';
import { keepForLater, readKept } from './store/kept-figures.ts';
import { cacheFolder, examplesFolder } from './store/run-store.ts';
import { writeSealedJson } from './store/sealed-file.ts';

/** What the choices of a search follow from. */
export interface SearchBasis {
  readonly sensitivity: Pick<SensitivityReport, 'layers' | 'overhead' | 'divergence' | 'examples' | 'engine'>;
  /** Of one training step; a search of so many minutes takes steps by it. */
  readonly stepSeconds: number;
  /** The trained model's error on validation examples, see `taskError`. */
  readonly baselineError: number;
  /** Of a guess, where the task has one. */
  readonly chanceError?: number | undefined;
  readonly validationExamples: number;
}

/** See `SearchStructures`. */
export type Structures = Pick<SearchStructures, 'narrow' | 'hardware' | 'int16Cost'>;

export interface SearchSupport {
  readonly recipe: RecipeDocument;
  /** The recipe's folder. */
  readonly folder: string;
  readonly model: ResolvedModel;
  readonly threads: number;
  /** @throws EspalierError for patterns of the recipe that match no layer, which stages would find only after a while */
  checkLayers(): Promise<void>;
  /**
   * From a file where it has been made before: of this run, or of an earlier one of the same model, data and program.
   *
   * @throws EspalierError where a search is not possible; `cancelled`
   */
  basis(runFolder: string, signal: AbortSignal, report: (message: string) => void): Promise<SearchBasis>;
  structures(): Promise<Structures>;
  /** Whether its files can be packed for TFLite Micro. */
  canPack(): Promise<boolean>;
  /** Error of a .tflite on the validation examples, in LiteRT, with its standard error. */
  validationError(tflite: Uint8Array, signal: AbortSignal): Promise<{ readonly error: number; readonly standardError: number }>;
}

export interface SupportSetting {
  readonly recipe: RecipeDocument;
  readonly folder: string;
  readonly model: ResolvedModel;
  readonly engine: Engine;
  readonly target: HardwareTarget;
  readonly threadScript: string | undefined;
  /** The file that keeps the basis for later runs. */
  readonly file: string;
  /** Layers that are done, of a search that was ended or of `espalier sensitivity`. */
  readonly layers?: ((report: (message: string) => void) => KeptLayers) | undefined;
  /** Whether what other runs kept is left alone; a resumed run takes its own. */
  readonly ignoreCache?: boolean | undefined;
}

/** In the cache, what a search measured: timed again, a search of so many minutes would train other files. */
export function searchFile(
  folder: string,
  identity: Identity,
  { seed = 0, deploy }: RecipeDocument,
  { description }: Engine,
  { code }: Environment,
): string {
  return path.join(
    cacheFolder(folder),
    `search-${digestOf({ identity, seed, strip: deploy?.strip, engine: description, code }).slice(0, 16)}.json`,
  );
}

/** In a run's folder, the copy that a resumed run takes: one for each model. */
export function ownBasisFile({ models = [] }: RecipeDocument, model: string): string {
  return models.length > 1 ? `search-${folderName(model)}.json` : 'search.json';
}

export function searchSupport({
  recipe,
  folder,
  model,
  engine,
  target,
  threadScript,
  file,
  layers,
  ignoreCache = false,
}: SupportSetting): SearchSupport {
  const seed = recipe.seed ?? 0;
  let opened: Promise<OpenedModel> | undefined;
  const open = (): Promise<OpenedModel> => (opened ??= openModel(model, folder, engine, seed));
  return {
    recipe,
    folder,
    model,
    threads: engine.threads,
    async checkLayers() {
      const { network } = await open();
      const kernels = kernelsOf(network);
      for (const rule of recipe.layers ?? []) requireLayer(rule, kernels);
      checkFrozenLayers(network, recipe.training?.freeze ?? []);
      await checkTeachers(recipe, folder, network, model);
    },
    async basis(runFolder, signal, report) {
      const own = path.join(runFolder, ownBasisFile(recipe, model.name));
      const ofRun = await readBasis(own, report);
      if (ofRun !== undefined) return ofRun;
      const known = ignoreCache ? undefined : await readBasis(file, report);
      const kept = layers?.((said) => report(`search: ${said}`));
      const found = known ?? (await makeBasis(await open(), { engine, seed, strip: recipe.deploy?.strip ?? false, kept, signal, report }));
      await writeSealedJson(own, found);
      // The run has its own: without the other only later runs measure again.
      if (known === undefined)
        await keepForLater(file, found, (reason) => report(`search: what was measured is not kept for later runs: ${reason}`));
      return found;
    },
    async structures() {
      const { network } = await open();
      const { layers: rules = [], deploy } = recipe;
      return new SearchStructures({ network, rules, strip: deploy?.strip ?? false, target, npu: countedNpu(recipe) });
    },
    async canPack() {
      const goal = recipe.deploy?.pack ?? 'small';
      return goal !== 'off' && packedSize(integerStructure((await open()).network), goal) !== undefined;
    },
    async validationError(bytes, signal) {
      const { validation } = (await open()).data;
      const accuracy = await evaluateTflite({ bytes, data: validation, threads: engine.threads, threadScript, signal });
      return { error: taskError(accuracy), standardError: standardErrorOf(accuracy) };
    },
  };
}

interface OpenedModel {
  readonly network: Network;
  readonly data: DataSplits;
}

async function openModel(
  { path: file, inputShapes, data, dataFolder, outputs }: ResolvedModel,
  recipeFolder: string,
  engine: Engine,
  seed: number,
): Promise<OpenedModel> {
  const { network } = await importModel(file, { inputShapes });
  const splits = await openData(data, dataFolder, {
    seed,
    onWarning: () => undefined,
    modelInputs: inputsOf(network),
    modelOutputs: outputsOf(network),
    // Each file of the search is measured on these, and its stages read them too.
    examplesFolder: examplesFolder(recipeFolder),
  });
  const task = await openTask({
    network,
    data: splits,
    outputs,
    engine: () => Promise.resolve(engine),
    isAugmented: data.augmentation !== undefined,
  });
  return { network, data: task.data };
}

/** Fewer say too little of the difference of two files. */
const fewestValidation = 50;
const timedMilliseconds = 2000;

interface BasisSetting {
  readonly engine: Engine;
  readonly seed: number;
  readonly strip: boolean;
  readonly kept: KeptLayers | undefined;
  readonly signal: AbortSignal;
  readonly report: (message: string) => void;
}

async function makeBasis({ network, data }: OpenedModel, setting: BasisSetting): Promise<SearchBasis> {
  const { engine, report, ...measured } = setting;
  const { signal } = setting;
  const { validation, train } = data;
  if (validation.size < fewestValidation) throw tooFewValidationExamples(validation.size, train.size);
  const baselineError = taskError(await evaluateNetwork({ engine, network, data: validation, signal }));
  const { target } = validation;
  const chanceError = target.kind === 'classes' ? 1 - 1 / target.classes : undefined;
  report('search: measuring how much each layer suffers from each choice');
  const sensitivity = await networkSensitivity({
    ...measured,
    engine,
    network,
    data: train,
    activations: true,
    onProgress: () => undefined,
  });
  const timing = await prepareStepTiming(engine, network, Math.min(trainingDefaults.float.batchSize, train.size));
  try {
    const stepSeconds = (await timing.run(timedMilliseconds)) / 1000;
    return { sensitivity, stepSeconds, baselineError, chanceError, validationExamples: validation.size };
  } finally {
    await timing.dispose();
  }
}

function tooFewValidationExamples(validation: number, train: number): EspalierError {
  const all = validation + train;
  const share = Math.ceil((fewestValidation / all) * 100) / 100;
  return new EspalierError(
    'invalid-data',
    `a search chooses by validation examples: it needs ${fewestValidation}, better 500, and there are ${validation}`,
    {
      where: 'data',
      fix:
        share <= 0.5
          ? `"validation": ${share} of the data block holds back enough of the ${all} training examples; a validation set of the data's own, or "limit", must be larger`
          : `give more examples: there are ${all} for training and validation together`,
    },
  );
}

/** Undefined where it is missing or damaged: then it is made again. */
function readBasis(file: string, report: (message: string) => void): Promise<SearchBasis | undefined> {
  return readKept(file, {
    guard: isBasis,
    consequence: 'layers and steps are measured again',
    report: (said) => report(`search: ${said}`),
  });
}

/** The digest has been compared: these fields tell whether it is this kind of file. */
function isBasis(value: unknown): value is SearchBasis {
  return isRecord(value) && isRecord(value['sensitivity']) && typeof value['stepSeconds'] === 'number' && 'baselineError' in value;
}
