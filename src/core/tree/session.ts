/** From a recipe file to a run: folder, events, engine, models, and the walk. */
import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import path from 'node:path';
import { openData } from '../data/open-data.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { importModel } from '../import/import-model.ts';
import { lossFor } from '../train/loss-for.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { EVENTS_VERSION } from '../../shared/events.ts';
import type { RunEvent, RunEventBody, RunFinished } from '../../shared/events.ts';
import { planTree } from './deployment-tree.ts';
import type { PlannedTree } from './deployment-tree.ts';
import { requireRecipe } from './recipe/parse-recipe.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { readText, resolveModels } from './recipe/resolve-recipe.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { runRecipe } from './run-recipe.ts';
import type { ModelRun } from './tree-walker.ts';
import { selectNodes } from './select-nodes.ts';
import type { RootDependencies } from './stage-key.ts';
import { createStageRunner } from './stages/create-stage-runner.ts';
import { digestData, digestPath } from './store/digest.ts';
import { EventLog, readEvents } from './store/event-log.ts';
import { cacheFolder, createRunFolder, newRunId, runFiles } from './store/run-store.ts';

export interface Environment {
  /** Version of this program. */
  readonly espalier: string;
  /** Digest of the code, so that no result of other code is taken for a hit. */
  readonly code: string;
  readonly threadScript: string | undefined;
}

export interface SessionOptions {
  readonly nodes?: readonly string[];
  readonly ignoreCache?: boolean;
  /** When the recipe does not say. */
  readonly threads?: number;
}

export interface Session {
  readonly runId: string;
  readonly runFolder: string;
  /** Walks the tree; resolves when the run has ended. */
  run(follow: (event: RunEvent) => void, signal: AbortSignal): Promise<Pick<RunFinished, 'outcome' | 'reason'>>;
}

/** What a run folder's `recipe.json` holds. */
interface StoredRecipe {
  readonly path: string;
  readonly folder: string;
  readonly options: SessionOptions;
  readonly recipe: RecipeDocument;
}

/** @throws EspalierError when recipe, model or data cannot be read: before anything is written */
export async function startSession(recipePath: string, options: SessionOptions, environment: Environment): Promise<Session> {
  const folder = path.dirname(path.resolve(recipePath));
  const recipe = requireRecipe(await readText(recipePath), path.basename(recipePath));
  const stored: StoredRecipe = { path: path.resolve(recipePath), folder, options, recipe };
  const prepared = await prepare(stored, environment);
  const runId = newRunId(new Date());
  const runFolder = await createRunFolder(folder, runId, stored);
  return session(runId, runFolder, stored, prepared, environment, false);
}

/** Goes on with a run that was cancelled or killed; what is finished stays. */
export async function resumeSession(runFolder: string, environment: Environment): Promise<Session> {
  const stored: StoredRecipe = JSON.parse(await readText(path.join(runFolder, runFiles.recipe)));
  const prepared = await prepare(stored, environment);
  return session(path.basename(runFolder), path.resolve(runFolder), stored, prepared, environment, true);
}

interface Prepared {
  readonly engine: Engine;
  readonly runtime: string;
  readonly models: readonly ModelRun[];
}

function session(
  runId: string,
  runFolder: string,
  stored: StoredRecipe,
  { engine, runtime, models }: Prepared,
  environment: Environment,
  resumed: boolean,
): Session {
  return {
    runId,
    runFolder,
    async run(follow, signal) {
      const log = new EventLog(path.join(runFolder, runFiles.events), follow);
      const emit = (event: RunEventBody): void => {
        log.append(event);
      };
      const described = { engine: engine.description, runtime, machine: describeMachine() };
      try {
        const begun = resumed && readEvents(path.join(runFolder, runFiles.events)).length > 0;
        emit(
          begun
            ? { type: 'run-resumed', ...described }
            : {
                type: 'run-started',
                version: EVENTS_VERSION,
                runId,
                recipe: stored.path,
                espalier: environment.espalier,
                ...described,
                models: models.map(({ name, tree }) => ({ model: name, tree: tree.root })),
              },
        );
        const { recipe, options, folder } = stored;
        return await runRecipe({
          models,
          rules: recipe.layers ?? [],
          targets: recipe.targets,
          untilTargets: recipe.strategy !== undefined && recipe.strategy !== 'full',
          ...(typeof recipe.strategy === 'object' && recipe.strategy.search !== undefined ? { search: recipe.strategy.search } : {}),
          runFolder,
          cacheFolder: cacheFolder(folder),
          ignoreCache: options.ignoreCache ?? false,
          emit,
          signal,
        });
      } finally {
        log.close();
      }
    },
  };
}

async function prepare({ recipe, folder, options }: StoredRecipe, environment: Environment): Promise<Prepared> {
  const models = await resolveModels(recipe, folder);
  for (const model of models) await readable(model.path);
  const threads = recipe.engine?.threads ?? options.threads;
  const notices: string[] = [];
  const engine = await createEngine({
    name: recipe.engine?.name ?? 'auto',
    onNotice: (notice) => notices.push(notice),
    ...(threads === undefined ? {} : { threads }),
    ...(recipe.engine?.provider === undefined ? {} : { provider: recipe.engine.provider }),
  });
  const runtime = (await loadRuntime()).description;
  const tree = chosenTree(recipe, options);
  return {
    engine,
    runtime,
    models: await Promise.all(models.map((model) => prepareModel(model, tree, recipe, engine, runtime, environment, notices))),
  };
}

function chosenTree(recipe: RecipeDocument, options: SessionOptions): PlannedTree {
  const tree = planTree(recipe.techniques, {
    controls: recipe.controls ?? false,
    ...(recipe.training === undefined ? {} : { training: recipe.training }),
  });
  const nodes = options.nodes ?? recipe.nodes;
  return nodes === undefined ? tree : { ...tree, root: selectNodes(tree.root, nodes) };
}

async function prepareModel(
  model: ResolvedModel,
  tree: PlannedTree,
  recipe: RecipeDocument,
  engine: Engine,
  runtime: string,
  environment: Environment,
  notices: readonly string[],
): Promise<ModelRun> {
  const seed = recipe.seed ?? 0;
  const latency = recipe.measure?.latency ?? true;
  const data = recipe.measure?.testSamples === undefined ? model.data : withTestLimit(model.data, recipe.measure.testSamples);
  const dependencies: RootDependencies = {
    model: await digestPath(model.path),
    data: await digestData(data, model.dataFolder),
    seed,
    engine: engine.description,
    runtime,
    code: environment.code,
    latency,
  };
  return {
    name: model.name,
    tree,
    dependencies,
    async openRunner(warn) {
      for (const notice of notices) warn(notice);
      const { network, warnings } = await importModel(model.path);
      for (const warning of warnings) warn(warning);
      const [input] = network.inputs;
      const shape = input === undefined ? undefined : network.values.get(input)?.shape;
      const splits = await openData(data, model.dataFolder, {
        seed,
        onWarning: warn,
        ...(shape === undefined ? {} : { modelInputShape: shape }),
      });
      return createStageRunner({
        engine,
        network,
        data: splits,
        loss: lossFor(network, splits),
        seed,
        latency,
        threadScript: environment.threadScript,
      });
    },
  };
}

function withTestLimit<Spec extends { readonly limit?: number | { readonly test?: number } }>(spec: Spec, test: number): Spec {
  const limits = typeof spec.limit === 'number' ? { train: spec.limit, validation: spec.limit, test: spec.limit } : spec.limit;
  return { ...spec, limit: { ...limits, test: Math.min(test, limits?.test ?? test) } };
}

async function readable(file: string): Promise<void> {
  try {
    await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') return;
    await readText(file);
  }
}

function describeMachine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? arch()}, ${processors.length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${arch()}`;
}
