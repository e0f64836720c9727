import type { FineTuningOptions } from '../../shared/recipe/technique-options.ts';
import { trainingDefaults } from '../../shared/recipe/defaults.ts';
import { trainFloatStage } from './fine-tuning-stage.ts';
import { inheritConstraints } from './inheritance.ts';
import type { Technique } from './technique.ts';

/** The float control: the same training with no constraint, so that gains from mere training can be seen. */
export const fineTuning: Technique<FineTuningOptions> = {
  apply: async ({ network, constraints }, { row, options }, context) => ({
    model: await trainFloatStage({ network, constraints: inheritConstraints(constraints, row) }, context, options, trainingDefaults.float),
  }),
};
