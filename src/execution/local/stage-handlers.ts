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
import { Gate } from './gate.ts';
import type { StageHostProtocol, StageProtocol, StageSetting } from './stage-protocol.ts';

/** Batch of the steps that are timed, where the recipe names none. */
const BATCH_SIZE = 64;

/** Bundles of the threads that a stage starts. */
export type ThreadScripts = Pick<OpenStageRunner, 'threadScript' | 'readingScript'>;

type StageConnection = MessageHandler<StageProtocol, StageHostProtocol>;

export function createStageHandlers(connection: () => StageConnection, scripts: ThreadScripts): Handlers<StageProtocol> {
  const gate = new Gate();
  const timings: StepTiming[] = [];
  let opened: { readonly key: string; readonly runner: Promise<StageRunner> } | undefined;
  const warn = (message: string): void => connection().emit('warning', { message });

  const runnerFor = (setting: StageSetting): Promise<StageRunner> => {
    const key = `${setting.model}\0${setting.threads}`;
    if (opened?.key !== key) opened = { key, runner: openRunner(setting, scripts, gate, warn) };
    return opened.runner;
  };

  return {
    async prepareSteps(setting) {
      const { network } = await importModel((await modelOf(setting)).path);
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
        async quietly(timed) {
          await connection().request('beginQuiet', {});
          try {
            return await timed();
          } finally {
            await connection().request('endQuiet', {});
          }
        },
      });
    },
    pause: () => {
      gate.close();
      return Promise.resolve(null);
    },
    proceed: () => {
      gate.open();
      return Promise.resolve(null);
    },
  };
}

async function openRunner(
  setting: StageSetting,
  { threadScript, readingScript }: ThreadScripts,
  gate: Gate,
  warn: (message: string) => void,
): Promise<StageRunner> {
  return openStageRunner({
    recipe: setting.source.recipe,
    model: await modelOf(setting),
    engine: await engineOf(setting),
    threadScript,
    readingScript,
    warn,
    processes: setting.processes,
    turn: gate.passed,
  });
}

async function modelOf({ source, model }: StageSetting): Promise<ResolvedModel> {
  const found = (await resolveModels(source.recipe, source.folder)).find(({ name }) => name === model);
  if (found === undefined) throw new Error(`the recipe has no model "${model}"`);
  return found;
}

function engineOf({ source, threads }: StageSetting): Promise<Engine> {
  const provider = source.recipe.engine?.provider;
  return createEngine({ name: source.engine, threads, ...(provider === undefined ? {} : { provider }) });
}
