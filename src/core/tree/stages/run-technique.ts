import { applyTechnique } from '../../techniques/index.ts';
import type { TechniqueContext, TechniqueResult } from '../../techniques/technique.ts';
import type { Checkpointing } from '../../train/fine-tuning.ts';
import { decodeTrainingState, encodeTrainingState } from '../../train/training-state.ts';
import { usableMemory } from '../../train/training-steps.ts';
import type { StageRequest } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';
import { decodeModel } from './stored-model.ts';

/** Does to the parent's model what the stage says. */
export async function runTechnique(setting: StageSetting, request: StageRequest): Promise<TechniqueResult> {
  const { stage, rules } = request;
  if (stage.technique === 'baseline') return { model: { network: setting.network, constraints: new Map(), ranges: setting.ranges } };
  const parent = decodeModel(request.parent?.model, `parent of "${request.node.id}"`);
  return applyTechnique(stage, parent, await techniqueContext(setting, request), rules);
}

/** A checkpoint is written after so many steps or seconds, whichever comes first; writing takes milliseconds. */
const STEPS_BETWEEN_CHECKPOINTS = 200;
const SECONDS_BETWEEN_CHECKPOINTS = 5;

/** What a technique needs to train in a stage, from its last checkpoint where there is one. */
async function techniqueContext(
  { engine, data, loss, seed, processes, openTeacher }: StageSetting,
  request: StageRequest,
): Promise<TechniqueContext> {
  const saved = await request.checkpoint.load();
  const checkpoint: Checkpointing = {
    everySteps: STEPS_BETWEEN_CHECKPOINTS,
    everySeconds: SECONDS_BETWEEN_CHECKPOINTS,
    save: (state) => request.checkpoint.save(encodeTrainingState(state)),
    resumeFrom: saved && decodeTrainingState(saved),
  };
  return {
    engine,
    data,
    loss,
    seed,
    signal: request.signal,
    parentTrained: request.parentTrained,
    async teacher(file) {
      if (file === undefined) return decodeModel(request.baseline?.model, 'baseline').network;
      const { network, warning } = await openTeacher(file);
      if (warning !== undefined) request.warn(warning);
      return network;
    },
    checkpoint,
    statistics: request.statistics,
    memoryBytes: processes === 1 ? undefined : usableMemory() / processes,
    onProgress: request.onProgress.bind(request),
    warn: request.warn.bind(request),
  };
}
