/** What a stage process answers. It keeps its model and data open from stage to stage. */
import { createEngine } from '../../core/engine/create-engine.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { importModel } from '../../core/import/import-model.ts';
import { prepareStepTiming } from '../../core/train/step-timing.ts';
import type { StepTiming } from '../../core/train/step-timing.ts';
import { resolveModels } from '../../core/tree/recipe/resolve-recipe.ts';
import type { ResolvedModel } from '../../core/tree/recipe/resolve-recipe.ts';
import { openStageRunner } from '../../core/tree/stages/open-stage-runner.ts';
import type { OpenStageRunner } from '../../core/tree/stages/open-stage-runner.ts';
import type { StageRunner } from '../../core/tree/stages/stage-runner.ts';
import type { Handlers, MessageHandler } from '../../shared/message-handler.ts';
import type { StageHostProtocol, StageProtocol, StageProcessSetting } from './stage-protocol.ts';

/** Batch of the steps that are timed, where the recipe names none. */
const BATCH_SIZE = 64;

/** Bundles of the threads that a stage starts. */
export type ThreadScripts = Pick<OpenStageRunner, 'threadScript' | 'readingScript'>;

type StageConnection = MessageHandler<StageProtocol, StageHostProtocol>;

export function createStageHandlers(connection: () => StageConnection, scripts: ThreadScripts): Handlers<StageProtocol> {
  const pausePoint = new PausePoint();
  const timings: StepTiming[] = [];
  let opened: { readonly key: string; readonly runner: Promise<StageRunner> } | undefined;
  const warn = (message: string): void => connection().emit('warning', { message });

  const runnerFor = (setting: StageProcessSetting): Promise<StageRunner> => {
    const key = `${setting.model}\0${setting.threads}`;
    if (opened?.key !== key) opened = { key, runner: openRunner(setting, scripts, pausePoint, warn) };
    return opened.runner;
  };

  return {
    async prepareSteps(setting) {
      const { path, inputShapes } = await modelOf(setting);
      const { network } = await importModel(path, { inputShapes });
      const batchSize = setting.source.recipe.training?.batchSize ?? BATCH_SIZE;
      return { timing: timings.push(await prepareStepTiming(await engineOf(setting), network, batchSize)) - 1 };
    },
    timeSteps: async ({ timing, milliseconds }) => ({ milliseconds: (await timings[timing]?.run(milliseconds)) ?? Number.NaN }),
    async forgetSteps() {
      await Promise.all(timings.splice(0).map((timing) => timing.dispose()));
      return null;
    },
    async runStage({ work, ...setting }, { signal }) {
      const run = await runnerFor(setting);
      return run({
        ...work,
        signal,
        warn,
        onProgress: (phase, fraction, training) => connection().emit('progress', { phase, fraction, training }),
        checkpoint: {
          load: async () => (await connection().request('loadCheckpoint', {})).bytes,
          save: async (bytes) => {
            await connection().request('saveCheckpoint', { bytes });
          },
        },
        statistics: {
          load: async (key) => (await connection().request('loadStatistics', { key })).statistics,
          save: async (key, statistics) => {
            await connection().request('saveStatistics', { key, statistics });
          },
        },
        async whileOthersPause(timed) {
          await connection().request('pauseOthers', {});
          try {
            return await timed();
          } finally {
            await connection().request('resumeOthers', {});
          }
        },
      });
    },
    pause: () => {
      pausePoint.pause();
      return Promise.resolve(null);
    },
    proceed: () => {
      pausePoint.proceed();
      return Promise.resolve(null);
    },
  };
}

async function openRunner(
  setting: StageProcessSetting,
  { threadScript, readingScript }: ThreadScripts,
  pausePoint: PausePoint,
  warn: (message: string) => void,
): Promise<StageRunner> {
  return openStageRunner({
    recipe: setting.source.recipe,
    model: await modelOf(setting),
    recipeFolder: setting.source.folder,
    engine: await engineOf(setting),
    threadScript,
    readingScript,
    warn,
    processes: setting.processes,
    turn: pausePoint.pass,
  });
}

async function modelOf({ source, model }: StageProcessSetting): Promise<ResolvedModel> {
  const found = (await resolveModels(source.recipe, source.folder)).find(({ name }) => name === model);
  if (found === undefined) throw new Error(`the recipe has no model "${model}"`);
  return found;
}

function engineOf({ source, threads }: StageProcessSetting): Promise<Engine> {
  const provider = source.recipe.engine?.provider;
  return createEngine({ name: source.engine, threads, provider });
}

/** A point that a stage passes at each training step, and waits at while it is paused. */
class PausePoint {
  #opened: Promise<void> = Promise.resolve();
  #open: (() => void) | undefined;

  pause(): void {
    if (this.#open !== undefined) return;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  proceed(): void {
    this.#open?.();
    this.#open = undefined;
  }

  readonly pass = (): Promise<void> => this.#opened;
}
