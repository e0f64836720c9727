/** Prepares a run: models with their trees, what their stages depend on, and how many run at once. */
import { availableParallelism, cpus, freemem } from 'node:os';
import path from 'node:path';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { importCompared } from './import-compared.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { planTree } from './deployment-tree.ts';
import type { PlannedTree } from './deployment-tree.ts';
import type { Environment } from './environment.ts';
import { decideParallelism } from './parallel/decide-parallelism.ts';
import type { ParallelismQuestion } from './parallel/decide-parallelism.ts';
import type { Parallelism } from './parallel/parallelism.ts';
import type { StageProcesses } from './parallel/stage-processes.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { resolveModels } from './recipe/resolve-recipe.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { selectNodes } from './select-nodes.ts';
import type { RootDependencies } from './stage-key.ts';
import { checkStages } from './stages/check-stages.ts';
import { openStageRunner } from './stages/open-stage-runner.ts';
import { digestData, digestModel, digestOf } from './store/digest.ts';
import { cacheFolder } from './store/run-store.ts';
import type { StoredRun } from './stored-run.ts';
import type { ModelRun } from './tree-walker.ts';

export interface Prepared {
  readonly engine: Engine;
  readonly runtime: string;
  readonly parallelism: Parallelism;
  readonly models: readonly ModelRun[];
  /** Messages to log before the first stage. */
  readonly notices: readonly string[];
  /** Processes of this run; stopped when it ends. */
  readonly processes: StageProcesses | undefined;
}

/** What a model's results depend on, whatever the number of threads. */
interface Identity {
  readonly model: string;
  readonly data: string;
}

/** @throws EspalierError when recipe, model or data cannot be read */
export async function prepareModels(stored: StoredRun, folder: string, environment: Environment): Promise<Prepared> {
  const { recipe } = stored;
  const models = await resolveModels(recipe, folder);
  const identities = await Promise.all(models.map(identityOf));
  const notices: string[] = [];
  const tree = planTree(recipe.techniques, {
    controls: recipe.controls ?? false,
    ...(recipe.training === undefined ? {} : { training: recipe.training }),
  });
  const chosen = chosenTree(tree, stored);
  // Loads the native runtime once, so that a machine on which it does not work fails before anything is written.
  const first = await engineOf(recipe, availableParallelism(), (notice) => notices.push(notice));
  const processes = environment.startStageProcesses?.({ recipe, folder, engine: first.name });
  try {
    const parallelism =
      stored.parallelism ??
      (await decideParallelism({
        asked: asked(stored),
        cores: availableParallelism(),
        freeBytes: freemem(),
        tree: tree.root,
        models: models.map(({ name }) => name),
        file: parallelismFile(folder, identities, first, environment),
        processes,
        report: (message) => notices.push(message),
      }));
    const engine = first.threads === parallelism.threads ? first : await engineOf(recipe, parallelism.threads, () => undefined);
    const runtime = (await loadRuntime()).description;
    const shared = { recipe, engine, runtime, parallelism, environment, processes };
    return {
      engine,
      runtime,
      parallelism,
      notices,
      processes,
      models: models.map((model, index) => modelRun(model, identities[index] ?? { model: '', data: '' }, chosen, shared)),
    };
  } catch (error) {
    processes?.stop();
    throw error;
  }
}

/** Settings of the command line and the editor apply where the recipe sets none. */
function asked({ recipe, options }: StoredRun): ParallelismQuestion['asked'] {
  const threads = recipe.engine?.threads ?? options.threads;
  const processes = recipe.engine?.processes ?? options.processes;
  return { ...(threads === undefined ? {} : { threads }), ...(processes === undefined ? {} : { processes }) };
}

async function identityOf(model: ResolvedModel): Promise<Identity> {
  const digest = await digestModel(model.path);
  return {
    // Lengths chosen for open dimensions give another network from the same bytes.
    model: model.inputShapes === undefined ? digest : digestOf({ digest, inputShapes: model.inputShapes }),
    data: await digestData(model.data, model.dataFolder),
  };
}

/** Kept with the cache, whose results can be reused only with the same number of threads. */
function parallelismFile(folder: string, identities: readonly Identity[], engine: Engine, { code }: Environment): string {
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model };
  const key = digestOf({ models: identities.map(({ model }) => model), engine: engine.description, code, machine });
  return path.join(cacheFolder(folder), `parallelism-${key.slice(0, 16)}.json`);
}

function engineOf({ engine }: RecipeDocument, threads: number, onNotice: (notice: string) => void): Promise<Engine> {
  return createEngine({
    name: engine?.name ?? 'auto',
    threads,
    onNotice,
    ...(engine?.provider === undefined ? {} : { provider: engine.provider }),
  });
}

/** Nodes of the request replace those of the recipe. */
function chosenTree(tree: PlannedTree, { recipe, options }: StoredRun): PlannedTree {
  if (options.nodes !== undefined) return { ...tree, root: selectNodes(tree.root, options.nodes, 'request') };
  return recipe.nodes === undefined ? tree : { ...tree, root: selectNodes(tree.root, recipe.nodes) };
}

interface Shared {
  readonly recipe: RecipeDocument;
  readonly engine: Engine;
  readonly runtime: string;
  readonly parallelism: Parallelism;
  readonly environment: Environment;
  readonly processes: StageProcesses | undefined;
}

function modelRun(model: ResolvedModel, identity: Identity, tree: PlannedTree, shared: Shared): ModelRun {
  const { recipe, engine, runtime, parallelism, environment, processes } = shared;
  const dependencies: RootDependencies = {
    ...identity,
    seed: recipe.seed ?? 0,
    engine: engine.description,
    runtime,
    code: environment.code,
    latency: recipe.measure?.latency ?? true,
    pack: recipe.deploy?.pack ?? 'small',
  };
  return {
    name: model.name,
    tree,
    dependencies,
    openExecutor: (place) =>
      environment.localExecutor({
        place,
        processes: parallelism.processes,
        async openRunner(warn) {
          const { path: file, inputShapes } = model;
          checkStages(tree, (await importCompared(file, { inputShapes, engine })).network, recipe.layers ?? []);
          return parallelism.processes > 1 && processes !== undefined
            ? processes.runner(model.name, parallelism)
            : openStageRunner({
                recipe,
                model,
                engine,
                threadScript: environment.threadScript,
                readingScript: environment.readingScript,
                warn,
              });
        },
      }),
  };
}
