import { openData } from '../../data/open-data.ts';
import type { DataSet, DataSplits } from '../../data/dataset.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { readInThread } from '../../data/reading/read-in-thread.ts';
import type { Engine } from '../../engine/engine.ts';
import { importModel } from '../../import/import-model.ts';
import { examineTeacher } from '../../measure/examine-teacher.ts';
import { openTask } from '../../task/open-task.ts';
import type { RecipeDocument } from '../recipe/recipe-document.ts';
import type { ResolvedModel } from '../recipe/resolve-recipe.ts';
import { examplesFolder } from '../store/run-store.ts';
import { importTeacher } from '../teachers.ts';
import { createStageRunner } from './create-stage-runner.ts';
import type { OpenedTeacher } from './stage-setting.ts';
import type { StageRunner } from './stage-runner.ts';

export interface OpenStageRunner {
  readonly recipe: RecipeDocument;
  readonly model: ResolvedModel;
  /** Decoded images are kept beside the recipe. */
  readonly recipeFolder: string;
  readonly engine: Engine;
  readonly threadScript: string | undefined;
  /** The thread that augments examples while the engine computes; without it they are augmented between steps. */
  readonly readingScript?: string | undefined;
  readonly warn: (message: string) => void;
  /** Stages that run at the same time and need memory too. */
  readonly processes?: number;
  /** Awaited before each read of examples: a stage pauses while it is pending. */
  readonly turn?: () => Promise<void>;
}

/** Reads a model and its data, so that stages can run. */
export async function openStageRunner(options: OpenStageRunner): Promise<StageRunner> {
  const { recipe, model, recipeFolder, engine, threadScript, readingScript, warn, processes = 1, turn } = options;
  const { network, ranges, warnings } = await importModel(model.path, { inputShapes: model.inputShapes });
  for (const warning of warnings) warn(warning);
  const modelInputs = inputsOf(network);
  const modelOutputs = outputsOf(network);
  const seed = recipe.seed ?? 0;
  const { data: spec, dataFolder: folder } = model;
  const dataOptions = { seed, modelInputs, modelOutputs, examplesFolder: examplesFolder(recipeFolder) };
  const opened = await openData(spec, folder, { ...dataOptions, onWarning: warn });
  const read = readingScript === undefined ? opened : readInThread(opened, readingScript, { spec, folder, ...dataOptions });
  const {
    data: task,
    loss,
    warnings: notes,
    release,
  } = await openTask({
    network,
    data: read,
    outputs: model.outputs,
    engine: () => Promise.resolve(engine),
    isAugmented: spec.augmentation !== undefined,
  });
  for (const note of notes) warn(note);
  const data = turn === undefined ? task : inTurn(task, turn);
  const teachers = new Map<string, Promise<OpenedTeacher>>();
  const openTeacher = (file: string): Promise<OpenedTeacher> => {
    const known = teachers.get(file);
    if (known !== undefined) return known;
    const found = importTeacher(file, recipeFolder, network, model).then(async (teacher) => ({
      network: teacher,
      warning: await examineTeacher({ engine, network, teacher, where: file, train: task.train }),
    }));
    teachers.set(file, found);
    return found;
  };
  const run = createStageRunner({
    engine,
    network,
    openTeacher,
    ranges: ranges.size === 0 ? undefined : ranges,
    data,
    loss,
    seed,
    latency: recipe.measure?.latency ?? true,
    pack: recipe.deploy?.pack ?? 'small',
    strip: recipe.deploy?.strip ?? false,
    threadScript,
    processes,
  });
  return async (request) => {
    try {
      return await run(request);
    } finally {
      await release();
    }
  };
}

function inTurn({ train, validation, test }: DataSplits, turn: () => Promise<void>): DataSplits {
  const waiting = (data: DataSet): DataSet => ({
    ...data,
    async read(indices, epoch) {
      await turn();
      return data.read(indices, epoch);
    },
  });
  return { train: waiting(train), validation: waiting(validation), test: waiting(test) };
}
