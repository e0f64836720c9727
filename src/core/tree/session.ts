/** Starts or resumes a run of a recipe file: folder, events, models, and the walk. */
import path from 'node:path';
import { type EspalierError, isEspalierError } from '../errors.ts';
import { EVENTS_VERSION } from '../../shared/events.ts';
import type { RunEvent, RunEventBody, RunFinished } from '../../shared/events.ts';
import type { Environment } from './environment.ts';
import { chooseExecution } from './execution/scheduler.ts';
import { prepareModels } from './prepare-models.ts';
import type { Prepared } from './prepare-models.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import { requireRecipe } from './recipe/parse-recipe.ts';
import { readText } from './recipe/resolve-recipe.ts';
import { paretoSearch, searchBudgets } from '../../shared/search-budget.ts';
import { countedNpu, deployTarget, profileNode } from './profile-node.ts';
import { runRecipe } from './run-recipe.ts';
import { removeLeftovers } from './store/atomic-files.ts';
import { damagedEventsFile, EventLog, readEvents } from './store/event-log.ts';
import { claimRun } from './store/run-owner.ts';
import type { ReleaseRun } from './store/run-owner.ts';
import { stripSmallFiles } from './recipe/strip-small-files.ts';
import { cacheFolder, createRunFolder, newRunId, recipeFolderOf, runFiles } from './store/run-store.ts';
import { readStoredRun, writeStoredRun } from './stored-run.ts';
import type { SessionOptions, StoredRun } from './stored-run.ts';

export interface Session {
  readonly runId: string;
  readonly runFolder: string;
  /** Whether the stages are jobs of a scheduler. */
  readonly isScheduled: boolean;
  /** Walks the tree; resolves when the run has ended. */
  run(follow: (event: RunEvent) => void, signal: AbortSignal): Promise<Pick<RunFinished, 'outcome' | 'reason'>>;
}

/** @throws EspalierError when recipe, model or data cannot be read: before anything is written */
export async function startSession(recipePath: string, options: SessionOptions, environment: Environment): Promise<Session> {
  const folder = path.dirname(path.resolve(recipePath));
  const written = stripSmallFiles(requireRecipe(await readText(recipePath), path.basename(recipePath)));
  const recipe = options.seed === undefined ? written : { ...written, seed: options.seed };
  const stored: StoredRun = { path: path.resolve(recipePath), options, recipe };
  const prepared = await prepareModels(stored, folder, environment);
  try {
    const runId = newRunId(new Date());
    let release: ReleaseRun = () => undefined;
    const runFolder = await createRunFolder(folder, runId, async (created, final) => {
      await writeStoredRun(created, { ...stored, runId, parallelism: prepared.parallelism });
      // Claimed before the folder is visible: one without an owner may be cleaned up.
      release = await claimRun(created, environment.self, environment.isAlive, final);
    });
    return session(runFolder, stored, prepared, environment, release);
  } catch (error) {
    prepared.stop();
    throw error;
  }
}

/**
 * Resumes a run that was cancelled or killed; finished nodes stay. Its folder may have been moved.
 * Where stages run changes no result, so a resumed run takes it from the recipe as it is now: a job that was killed for
 * its memory can be given more.
 *
 * @param options go before those that the run began with
 * @throws EspalierError `invalid-argument` when a living process works on it
 */
export async function resumeSession(
  runFolder: string,
  environment: Environment,
  options: Omit<SessionOptions, 'seed' | 'nodes' | 'ignoreCache'> = {},
): Promise<Session> {
  const folder = path.resolve(runFolder);
  const begun = await readStoredRun(folder);
  const recipe = { ...begun.recipe, ...(await executionNow(path.join(recipeFolderOf(folder), path.basename(begun.path)))) };
  const stored: StoredRun = { ...begun, recipe, options: { ...begun.options, ...options } };
  const release = await claimRun(folder, environment.self, environment.isAlive);
  try {
    // Of the killed host; jobs of the run may be writing at this moment.
    await removeLeftovers(folder, chooseExecution(recipe, stored.options)?.kind === 'slurm' ? LEFTOVER_MILLISECONDS : 0);
    return session(folder, stored, await prepareModels(stored, recipeFolderOf(folder), environment), environment, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** After which no job still writes the same file. */
const LEFTOVER_MILLISECONDS = 3_600_000;

/** Nothing where the recipe is gone, or not a recipe any more. */
async function executionNow(recipePath: string): Promise<Pick<RecipeDocument, 'execution'>> {
  try {
    const { execution } = requireRecipe(await readText(recipePath), recipePath);
    return execution === undefined ? {} : { execution };
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return {};
  }
}

function session(runFolder: string, stored: StoredRun, prepared: Prepared, environment: Environment, release: ReleaseRun): Session {
  const runId = path.basename(runFolder);
  const { models } = prepared;
  return {
    runId,
    runFolder,
    isScheduled: prepared.isScheduled,
    async run(follow, signal) {
      const events = path.join(runFolder, runFiles.events);
      let log: EventLog;
      try {
        // A listener may end this process or resume the run in another one when it receives the end, so the run is
        // released before.
        log = new EventLog(events, (event) => {
          if (event.type === 'run-finished') release();
          follow(event);
        });
      } catch (error) {
        prepared.stop();
        release();
        throw error;
      }
      const emit = (event: RunEventBody): void => {
        log.append(event);
      };
      try {
        const begun = readEvents(events).length > 0;
        emit(begun ? { type: 'run-resumed', ...describe(prepared) } : startOf(runId, stored, prepared, environment));
        if (log.damagedLine !== undefined) emit(eventsWereDamaged(log.damagedLine));
        for (const message of prepared.notices) emit({ type: 'log', level: 'info', message, model: undefined, node: undefined });
        for (const warning of prepared.warnings) emit({ type: 'log', level: 'warning', ...warning, node: undefined });
        const { recipe, options } = stored;
        const target = deployTarget(recipe.deploy);
        const npu = countedNpu(recipe);
        return await runRecipe({
          models,
          rules: recipe.layers ?? [],
          targets: recipe.targets,
          untilTargets: recipe.strategy !== undefined && recipe.strategy !== 'full' && paretoSearch(recipe.strategy) === undefined,
          pareto: paretoSearch(recipe.strategy),
          ...(typeof recipe.strategy === 'object' && recipe.strategy.kind === 'until-targets' && recipe.strategy.search !== undefined
            ? { search: recipe.strategy.search }
            : {}),
          runFolder,
          cacheFolder: cacheFolder(recipeFolderOf(runFolder)),
          ignoreCache: options.ignoreCache ?? false,
          modelsAtOnce: prepared.isScheduled,
          emit,
          profile: (tflite) => Promise.resolve(profileNode(tflite, target, recipe.deploy, npu)),
          signal,
        });
      } catch (error) {
        if (!isEspalierError(error)) throw error;
        const outcome = { outcome: 'failed', reason: error.message } as const;
        finishFailed(log, { type: 'run-finished', ...outcome }, error);
        return outcome;
      } finally {
        log.close();
        prepared.stop();
        release();
      }
    },
  };
}

/** Where the disk is full this event cannot be stored either; the run can be resumed once there is space. */
function finishFailed(log: EventLog, event: RunEventBody, { code }: EspalierError): void {
  try {
    if (code !== 'file-access') return void log.append(event);
  } catch (error) {
    if (!isEspalierError(error)) throw error;
  }
  log.notify(event);
}

function eventsWereDamaged(line: number): RunEventBody {
  return {
    type: 'log',
    level: 'warning',
    message: `${runFiles.events} was damaged from line ${line} on: the run goes on from what was intact, and the damaged file is kept as ${damagedEventsFile}`,
    model: undefined,
    node: undefined,
  };
}

function startOf(runId: string, { path: file, recipe }: StoredRun, prepared: Prepared, { espalier }: Environment): RunEventBody {
  return {
    type: 'run-started',
    version: EVENTS_VERSION,
    runId,
    recipe: file,
    espalier,
    ...describe(prepared),
    models: prepared.models.map(({ name, tree }) => ({ model: name, tree: tree.root })),
    budgets: searchBudgets(recipe),
  };
}

/** Engine, runtime and machine, which latencies depend on. */
function describe({ engine, runtime, machine }: Prepared): { readonly engine: string; readonly runtime: string; readonly machine: string } {
  return { engine, runtime, machine };
}
