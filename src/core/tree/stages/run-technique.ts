import { applyTechnique } from '../../techniques/index.ts';
import type { TechniqueResult } from '../../techniques/technique.ts';
import type { StageRequest } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';
import { decodeModel } from './stored-model.ts';
import { techniqueContext } from './technique-context.ts';

/** Does to the parent's model what the stage says. */
export async function runTechnique(setting: StageSetting, request: StageRequest): Promise<TechniqueResult> {
  const { stage, rules } = request;
  if (stage.technique === 'baseline') return { model: { network: setting.network, constraints: new Map(), ranges: undefined } };
  const parent = decodeModel(request.parent?.model, `parent of "${request.node.id}"`);
  return applyTechnique(stage, parent, await techniqueContext(setting, request), rules);
}
