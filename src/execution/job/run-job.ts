/** The program of a job: one stage of a tree, on a machine that the scheduler chose. */
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { createEngine } from '../../core/engine/create-engine.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { loadRuntime } from '../../core/tflite/runtime.ts';
import type { Environment } from '../../core/tree/environment.ts';
import type { StageJob } from '../../core/tree/execution/executor.ts';
import { describeProcessor } from '../../core/tree/execution/machine.ts';
import { runStage } from '../../core/tree/execution/run-stage.ts';
import { dataStamp, modelIdentity } from '../../core/tree/identity.ts';
import type { RecipeDocument } from '../../core/tree/recipe/recipe-document.ts';
import { resolveModels } from '../../core/tree/recipe/resolve-recipe.ts';
import type { ResolvedModel } from '../../core/tree/recipe/resolve-recipe.ts';
import { openStageRunner } from '../../core/tree/stages/open-stage-runner.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { digestData } from '../../core/tree/store/digest.ts';
import { recipeFolderOf } from '../../core/tree/store/run-store.ts';
import { readStoredRun } from '../../core/tree/stored-run.ts';
import { requireSameTeacher } from '../../core/tree/teachers.ts';
import { EspalierError, isEspalierError } from '../../shared/errors.ts';
import { stageData } from './stage-data.ts';
import type { StagedData } from './stage-data.ts';
import { checkProvider } from './check-provider.ts';
import { JobLog } from './job-log.ts';
import { jobFiles, STORE_FAILED } from './job-request.ts';
import type { EndRecord, JobEnd, JobRequest, StartRecord } from './job-request.ts';

/** Argument that makes the worker's bundle the program of a job. */
export const JOB_ARGUMENT = 'job';

/** As a shell reports a program that SIGTERM ended. */
const STOPPED = 143;

/**
 * Runs the task of this index, leaves its records beside its result, and resolves to the exit code: 0 only where the
 * result is in the store, since the jobs that come from it wait for that.
 */
export async function runJob(requestFile: string, index: number, environment: Environment): Promise<number> {
  const started = performance.now();
  const request: JobRequest = JSON.parse(await readFile(requestFile, 'utf8'));
  const found = request.tasks.find((task) => task.index === index);
  if (found === undefined) throw new Error(`${requestFile} has no task ${index}`);
  const { runFolder, model } = request.place;
  const { node } = found.job.entry;
  const name = `${path.basename(requestFile, '.json')}-${index}`;
  const record = (file: string, contents: StartRecord | EndRecord): Promise<void> =>
    writeFileAtomically(path.join(runFolder, jobFiles.records, file), JSON.stringify(contents));
  const host = process.env['SLURMD_NODENAME'] ?? hostname();
  const log = new JobLog(path.join(runFolder, jobFiles.events, `${name}.jsonl`), `${model}: ${node.id}`);
  const { say } = log;

  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  const end = async (outcome: JobEnd): Promise<void> => {
    await record(jobFiles.ended(name), { version: 1, host, ...outcome });
  };
  try {
    say(`job ${jobId()} on ${host}, ${describeProcessor()}`);
    await record(jobFiles.started(name), { version: 1, job: jobId(), host, processor: describeProcessor(), restarts: restarts() });
    mkdirSync(path.join(runFolder, jobFiles.events), { recursive: true });
    const { cached } = await runTask(request, found.job, environment, log, stop.signal);
    await end({ outcome: 'done', cached, seconds: (performance.now() - started) / 1000, training: log.training });
    say('done');
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      say('stopped by SIGTERM');
      await end({ outcome: 'stopped' }).catch(() => undefined);
      return STOPPED;
    }
    const code = isEspalierError(error) ? error.code : 'internal';
    const message = error instanceof Error ? error.message : String(error);
    say(`failed: ${message}`);
    if (code === 'internal' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    const stack = code === 'internal' && error instanceof Error ? error.stack : undefined;
    const isRecorded = await end({ outcome: 'failed', code, message, stack }).then(
      () => true,
      () => false,
    );
    return isRecorded && code !== 'file-access' ? 1 : STORE_FAILED;
  }
}

async function runTask(
  request: JobRequest,
  job: StageJob,
  environment: Environment,
  log: JobLog,
  signal: AbortSignal,
): Promise<{ readonly cached: boolean }> {
  const { place } = request;
  if (environment.code !== request.code) {
    throw new EspalierError('engine', 'the program was replaced since this job was submitted', {
      fix: 'resume the run: its stages are planned again for this version',
    });
  }
  const { recipe } = await readStoredRun(place.runFolder);
  const recipeFolder = recipeFolderOf(place.runFolder);
  const engine = await openEngine(recipe, request);
  const runtime = (await loadRuntime()).description;
  if (runtime !== request.runtime) throw otherThanPlanned('the runtime', runtime, request.runtime);
  const { threadScript, readingScript } = environment;
  let staged: StagedData | undefined;
  const openModel = async (): Promise<ResolvedModel> => {
    const model = await modelOf(recipe, place.model, recipeFolder);
    await checkInputs(model, request);
    await requireSameTeacher(job, recipeFolder);
    if (!request.stageData) return model;
    staged = await stageData(model, request.data);
    log.say(`${staged.files} files of data are on this machine's own disk`);
    return staged.model;
  };
  try {
    return await runStage(
      place,
      job,
      async () => {
        const model = await openModel();
        return openStageRunner({ recipe, model, recipeFolder, engine, threadScript, readingScript, warn: log.warn });
      },
      { signal, onProgress: log.onProgress, warn: log.warn },
    );
  } finally {
    await staged?.remove();
  }
}

/** Days may lie between submission and start: what changed since would be kept under the key of what was there before. */
async function checkInputs(model: ResolvedModel, request: JobRequest): Promise<void> {
  const fix = 'start the run again: results of the new files are kept apart';
  if ((await modelIdentity(model)) !== request.model)
    throw new EspalierError('invalid-model', 'the model was changed since the job was submitted', { where: model.path, fix });
  // A copy is compared as a whole.
  if (request.stageData || request.dataStamp === undefined || (await dataStamp(model)) === request.dataStamp) return;
  if ((await digestData(model.data, model.dataFolder)) !== request.data)
    throw new EspalierError('invalid-data', 'the data were changed since the job was submitted', { where: model.dataFolder, fix });
}

async function modelOf(recipe: RecipeDocument, name: string, folder: string): Promise<ResolvedModel> {
  const found = (await resolveModels(recipe, folder)).find((model) => model.name === name);
  if (found === undefined) throw new EspalierError('invalid-recipe', `has no model "${name}"`, { where: folder });
  return found;
}

async function openEngine({ engine: choice }: RecipeDocument, { engine: planned }: JobRequest): Promise<Engine> {
  const provider = choice?.provider ?? 'cpu';
  checkProvider(provider);
  const notices: string[] = [];
  const engine = await createEngine({
    name: planned.name,
    threads: planned.threads,
    provider,
    onNotice: (notice) => notices.push(notice),
  });
  if (engine.description === planned.description) return engine;
  throw notices.length > 0
    ? new EspalierError('engine', notices.join('; '), { where: hostname() })
    : otherThanPlanned('the engine', engine.description, planned.description);
}

function otherThanPlanned(what: string, found: string, planned: string): EspalierError {
  return new EspalierError('engine', `${what} of this machine is ${found}, the run was planned for ${planned}`, {
    where: hostname(),
    fix: 'install the same version of Espalier and its packages on all machines, on the shared file system',
  });
}

/** As the scheduler's commands take it. */
function jobId(): string {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: job } = process.env;
  return array === undefined ? (job ?? `process ${process.pid}`) : `${array}_${task ?? ''}`;
}

function restarts(): number {
  return Number(process.env['SLURM_RESTART_COUNT'] ?? 0) || 0;
}
