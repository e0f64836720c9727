/** Prepares a run: models with their trees, what their stages depend on, and how many run at once. */
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import { createEngine, planEngine } from '../engine/create-engine.ts';
import type { EngineOptions } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { dataStamp, identityOf } from './identity.ts';
import type { Identity } from './identity.ts';
import { importCompared } from './import-compared.ts';
import { keptLayers } from './layer-cache.ts';
import type { SlurmExecution } from '../../shared/recipe/execution.ts';
import { importModel } from '../import/import-model.ts';
import type { DeployOptions } from '../../shared/recipe/deploy-options.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { planTree } from './deployment-tree.ts';
import type { PlannedTree } from './deployment-tree.ts';
import type { Environment } from './environment.ts';
import type { Executor, StagePlace } from './execution/executor.ts';
import { describeMachine } from './execution/machine.ts';
import { refuseLoginNode } from './execution/login-node.ts';
import { chooseExecution } from './execution/scheduler.ts';
import { fitWarning } from './operations/fit-before-training.ts';
import { decideParallelism, parallelismFile } from './parallel/decide-parallelism.ts';
import type { ParallelismQuestion } from './parallel/decide-parallelism.ts';
import type { Parallelism } from './parallel/parallelism.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { deployTarget } from './profile-node.ts';
import { resolveModels } from './recipe/resolve-recipe.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { paretoSearch } from '../../shared/search-budget.ts';
import { searchFile, searchSupport, type SearchSupport } from './search-support.ts';
import { selectNodes } from './select-nodes.ts';
import type { RootDependencies } from './stage-key.ts';
import { checkTeachers, digestTeachers, type TeacherDigests } from './teachers.ts';
import { checkStages } from './stages/check-stages.ts';
import { openStageRunner } from './stages/open-stage-runner.ts';
import type { StoredRun } from './stored-run.ts';
import type { ModelRun } from './tree-walker.ts';

export interface Prepared {
  /** Descriptions of what computes. */
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
  readonly parallelism: Parallelism;
  readonly models: readonly ModelRun[];
  /** Whether stages are jobs of a scheduler. It shares out its machines itself, so models are walked at the same time. */
  readonly isScheduled: boolean;
  /** Messages to log before the first stage. */
  readonly notices: readonly string[];
  /** Of models that do not fit the chosen board, before anything is trained. */
  readonly warnings: readonly { readonly model: string; readonly message: string }[];
  /** When the run has ended, or is left to its jobs. */
  stop(): void;
}

/** @throws EspalierError when recipe, model or data cannot be read, or the place where stages are to run cannot be used */
export async function prepareModels(stored: StoredRun, folder: string, environment: Environment): Promise<Prepared> {
  const { recipe } = stored;
  const execution = chooseExecution(recipe, stored.options);
  if (execution === undefined) await refuseLoginNode(environment, useSlurm);
  const { board } = deployTarget(recipe.deploy);
  const models = await resolveModels(recipe, folder);
  const warnings = board === undefined ? [] : await fitWarnings(models, recipe.deploy);
  const identities = await Promise.all(models.map(identityOf));
  const teachers = await digestTeachers(recipe, folder);
  const tree = planTree(recipe.techniques, {
    controls: recipe.controls ?? false,
    ...(recipe.training === undefined ? {} : { training: recipe.training }),
  });
  const plan: RunPlan = {
    stored,
    folder,
    environment,
    tree,
    teachers,
    warnings,
    models: models.map((model, index) => ({ model, identity: identities[index] ?? { model: '', data: '' } })),
    chosen: chosenTree(tree, stored),
  };
  return execution?.kind === 'slurm' ? prepareJobs(plan, execution) : prepareProcesses(plan);
}

async function fitWarnings(models: readonly ResolvedModel[], deploy: DeployOptions | undefined): Promise<Prepared['warnings']> {
  const warnings: { readonly model: string; readonly message: string }[] = [];
  for (const { name, path: file, inputShapes } of models) {
    const message = fitWarning((await importModel(file, { inputShapes })).network, deploy);
    if (message !== undefined) warnings.push({ model: name, message });
  }
  return warnings;
}

interface RunPlan {
  readonly stored: StoredRun;
  readonly folder: string;
  readonly environment: Environment;
  readonly models: readonly { readonly model: ResolvedModel; readonly identity: Identity }[];
  readonly warnings: Prepared['warnings'];
  readonly tree: PlannedTree;
  readonly teachers: TeacherDigests;
  /** Without the nodes that are not wanted. */
  readonly chosen: PlannedTree;
}

/** Stages in this process or in others of this machine. */
async function prepareProcesses({ stored, folder, environment, models, warnings, tree, teachers, chosen }: RunPlan): Promise<Prepared> {
  const { recipe } = stored;
  const notices: string[] = [];
  const identities = models.map(({ identity }) => identity);
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
        models: models.map(({ model }) => model.name),
        file: parallelismFile(folder, identities, first, environment),
        processes,
        report: (message) => notices.push(message),
      }));
    const engine = first.threads === parallelism.threads ? first : await engineOf(recipe, parallelism.threads, () => undefined);
    const runtime = (await loadRuntime()).description;
    const openExecutor = (model: ResolvedModel, place: StagePlace): Executor =>
      environment.localExecutor({
        place,
        processes: parallelism.processes,
        async openRunner(warn) {
          const { path: file, inputShapes } = model;
          const { network } = await importCompared(file, { inputShapes, engine });
          checkStages(chosen, network, recipe.layers ?? []);
          await checkTeachers(recipe, folder, network, model);
          if (parallelism.processes > 1 && processes !== undefined) return processes.runner(model.name, parallelism);
          const { threadScript, readingScript } = environment;
          return openStageRunner({ recipe, model, recipeFolder: folder, engine, threadScript, readingScript, warn });
        },
      });
    return {
      engine: engine.description,
      runtime,
      machine: describeMachine(),
      parallelism,
      notices,
      warnings,
      isScheduled: false,
      stop: () => processes?.stop(),
      models: models.map(({ model, identity }) => ({
        name: model.name,
        tree: chosen,
        teachers,
        dependencies: dependenciesOf(recipe, identity, engine.description, runtime, environment),
        openExecutor: (place) => openExecutor(model, place),
        search: openSearch({ model, identity, engine, stored, folder, environment }),
      })),
    };
  } catch (error) {
    processes?.stop();
    throw error;
  }
}

/** Stages as jobs on other machines: nothing is trained or timed here, and the engine is only described. */
async function prepareJobs(
  { stored, folder, environment, models, warnings, teachers, chosen }: RunPlan,
  execution: SlurmExecution,
): Promise<Prepared> {
  const { recipe, options } = stored;
  if (environment.openScheduler === undefined) throw new Error('this program has no schedulers');
  const isSearch = paretoSearch(recipe.strategy) !== undefined;
  if (isSearch) await refuseLoginNode(environment, searchInJob);
  const notices: string[] = [];
  const threads = stored.parallelism?.threads ?? recipe.engine?.threads ?? options.threads;
  if (threads === undefined)
    notices.push(
      'each job has one thread, since the recipe does not say how many: set "threads" under "engine", results are the same bits only for the same number',
    );
  const engine = await planEngine(engineOptions(recipe, threads ?? 1, (notice) => notices.push(notice)));
  // A search measures here how much layers suffer and how files validate; its stages are jobs like any others.
  const own = isSearch ? await engineOf(recipe, engine.threads, () => undefined) : undefined;
  const runtime = (await loadRuntime()).description;
  const latency = recipe.measure?.latency ?? true;
  if (latency && execution.exclusive === false)
    notices.push('latency is measured while other jobs may run on the same machine: "exclusive" is false');
  const scheduler = await environment.openScheduler({ execution, code: environment.code, engine, runtime, latency });
  return {
    engine: engine.description,
    runtime,
    machine: scheduler.description,
    parallelism: { processes: 1, threads: engine.threads },
    notices,
    warnings,
    isScheduled: true,
    stop: () => scheduler.stop(),
    models: models.map(({ model, identity }) => ({
      name: model.name,
      tree: chosen,
      teachers,
      dependencies: dependenciesOf(recipe, identity, engine.description, runtime, environment),
      openExecutor: (place) =>
        scheduler.executor(
          {
            ...identity,
            stamp: () => dataStamp(model),
            async check() {
              const { network } = await importCompared(model.path, { inputShapes: model.inputShapes });
              checkStages(chosen, network, recipe.layers ?? []);
              await checkTeachers(recipe, folder, network, model);
            },
          },
          place,
        ),
      search: own && openSearch({ model, identity, engine: own, stored, folder, environment }),
    })),
  };
}

/** What a search measures where the run is started; undefined for other runs. */
function openSearch({
  model,
  identity,
  engine,
  stored: {
    recipe,
    options: { ignoreCache = false },
  },
  folder,
  environment,
}: Pick<RunPlan, 'folder' | 'environment' | 'stored'> & RunPlan['models'][number] & { readonly engine: Engine }):
  SearchSupport | undefined {
  if (paretoSearch(recipe.strategy) === undefined) return undefined;
  const file = searchFile(folder, identity, recipe, engine, environment);
  const from = { identity, seed: recipe.seed ?? 0, engine: engine.description, code: environment.code };
  return searchSupport({
    recipe,
    folder,
    model,
    engine,
    target: deployTarget(recipe.deploy),
    threadScript: environment.threadScript,
    file,
    // `espalier sensitivity` keeps layers beside the model.
    layers: (report) => keptLayers({ from, folders: [folder, path.dirname(model.path)], ignoreCache, report }),
    ignoreCache,
  });
}

const searchInJob =
  'a search measures layers and files where it is started, so start it in a job: `sbatch --wrap "espalier run …"`, or with `srun` before the command';

const useSlurm =
  'add "execution": { "kind": "slurm" } to the recipe, or use `--executor slurm`; `--executor local` trains here all the same';

/** The command line and the editor count where the recipe does not say. */
function asked({ recipe, options }: StoredRun): ParallelismQuestion['asked'] {
  const threads = recipe.engine?.threads ?? options.threads;
  const processes = recipe.engine?.processes ?? options.processes;
  return { ...(threads === undefined ? {} : { threads }), ...(processes === undefined ? {} : { processes }) };
}

function engineOf(recipe: RecipeDocument, threads: number, onNotice: (notice: string) => void): Promise<Engine> {
  return createEngine(engineOptions(recipe, threads, onNotice));
}

function engineOptions({ engine }: RecipeDocument, threads: number, onNotice: (notice: string) => void): EngineOptions {
  return { name: engine?.name ?? 'auto', threads, onNotice, ...(engine?.provider === undefined ? {} : { provider: engine.provider }) };
}

/** Nodes of the request replace those of the recipe. */
function chosenTree(tree: PlannedTree, { recipe, options }: StoredRun): PlannedTree {
  // A search grows its own branches.
  if (paretoSearch(recipe.strategy) !== undefined) return { ...tree, root: { ...tree.root, children: [] } };
  if (options.nodes !== undefined) return { ...tree, root: selectNodes(tree.root, options.nodes, 'request') };
  return recipe.nodes === undefined ? tree : { ...tree, root: selectNodes(tree.root, recipe.nodes) };
}

function dependenciesOf(
  recipe: RecipeDocument,
  identity: Identity,
  engine: string,
  runtime: string,
  { code }: Environment,
): RootDependencies {
  return {
    ...identity,
    seed: recipe.seed ?? 0,
    engine,
    runtime,
    code,
    latency: recipe.measure?.latency ?? true,
    pack: recipe.deploy?.pack ?? 'small',
    strip: recipe.deploy?.strip ?? false,
  };
}
