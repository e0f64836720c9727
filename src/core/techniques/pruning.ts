import { type Sparsity, withConstraint } from '../constraints/constraint.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { planTraining, trainFloatStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { type LayerRules, type SelectedKernel, selectKernels } from './layer-rules.ts';
import { chooseScope } from './pruning/choose-scope.ts';
import { scheduledMasks } from './pruning/mask-schedule.ts';
import { checkStructure, type PruningStructure } from './pruning/pruning-structure.ts';
import { checkSchedule, checkSparsity, pruningSteps, type PruningSchedule, sparsityAt } from './pruning/schedules.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';
import { defaultSparsity } from './defaults.ts';

export interface PruningSettings {
  /** Fraction of weights to remove, in [0, 1); the structure `groups` brings its own. */
  readonly sparsity: number;
}

export interface PruningOptions extends LayerRules<PruningSettings>, TrainingOptions, Partial<PruningSettings> {
  /** Default: polynomial decay from 0 over the first quarter of the training. */
  readonly schedule?: PruningSchedule;
  /** Default: single weights, each layer by itself unless that breaks the network; see `chooseScope`. */
  readonly structure?: PruningStructure;
}

export const pruningDefaults = { epochs: 2, batchSize: 64, learningRate: 5e-4 };

/**
 * Magnitude pruning with fine-tuning: masks follow the schedule while the weights train, and hold from then on.
 * Zhu & Gupta 2017, arXiv:1710.01878.
 *
 * @throws EspalierError before training for a sparsity, schedule or layer pattern that makes no sense
 */
export async function applyPruning(
  model: OptimizedModel,
  context: TechniqueContext,
  options: PruningOptions = {},
): Promise<OptimizedModel> {
  const { steps } = planTraining(context, options, pruningDefaults);
  const schedule = options.schedule ?? defaultSchedule(options.sparsity ?? defaultSparsity, steps);
  const kernels = checkPruning(model.network, { ...options, schedule });
  const last = pruningSteps(schedule, steps).at(-1);
  if (last !== undefined && sparsityAt(schedule, last) < schedule.sparsity) {
    context.warn(
      `the pruning schedule last fires at step ${last}, at sparsity ${sparsityAt(schedule, last).toFixed(3)} instead of ${schedule.sparsity}; end it before the last of ${steps} steps`,
    );
  }
  if (last === undefined)
    context.warn(
      `the pruning schedule never fires: it begins at step ${schedule.begin} every ${schedule.frequency} steps, and training has ${steps}; weights are pruned once, at the end`,
    );

  const structure: PruningStructure = options.structure ?? { kind: 'weights', scope: await chooseScope(model.network, kernels, context) };
  if (structure.kind === 'groups') warnOfUntouched(kernels, structure, context);
  const constraints = new Map(model.constraints);
  for (const kernel of kernels)
    constraints.set(kernel.parameter, withConstraint(constraints.get(kernel.parameter) ?? [], unmasked(kernel.data.length)));
  const maskSchedule = scheduledMasks(kernels, schedule, structure, steps);
  return trainFloatStage({ network: model.network, constraints, maskSchedule }, context, options, pruningDefaults);
}

/**
 * The kernels that a pruning would go through.
 *
 * @throws EspalierError `invalid-argument` for a sparsity, schedule, structure or layer pattern that makes no sense
 */
export function checkPruning(network: Network, options: PruningOptions): readonly SelectedKernel<PruningSettings>[] {
  if (options.schedule !== undefined) checkSchedule(options.schedule);
  if (options.structure !== undefined) checkStructure(options.structure);
  const kernels = selectKernels(network, { sparsity: options.sparsity ?? options.schedule?.sparsity ?? defaultSparsity }, options);
  if (kernels.length === 0) throw new EspalierError('invalid-argument', 'no layer is left to prune', { fix: 'exclude fewer layers' });
  for (const { layer, settings, data } of kernels) {
    checkSparsity(settings.sparsity, `layer "${layer}"`);
    if (data.every((weight) => weight === 0))
      throw new EspalierError('invalid-argument', 'the kernel is all zeros, so there is nothing to prune', {
        where: `layer "${layer}"`,
        fix: 'exclude the layer',
      });
  }
  return kernels;
}

/** A row no longer than what a group keeps fulfils the pattern as it is: zeros are not to be looked for there. */
function warnOfUntouched(
  kernels: readonly SelectedKernel<PruningSettings>[],
  { zeros, group }: Extract<PruningStructure, { readonly kind: 'groups' }>,
  context: TechniqueContext,
): void {
  for (const { layer, shape } of kernels) {
    const channels = shape.at(-1) ?? 1;
    if (channels > group - zeros) continue;
    context.warn(
      `layer "${layer}": groups of ${group} lie along input channels, of which it has ${channels}, so none of its weights is removed; exclude the layer, or prune single weights`,
    );
  }
}

/** A quarter of the training prunes, the rest recovers: measured against half and a tenth on ResNet-8. */
function defaultSchedule(sparsity: number, steps: number): PruningSchedule {
  const frequency = Math.max(1, Math.floor(steps / 40));
  // The last mask falls on the end, where the decay has reached the sparsity.
  return { kind: 'polynomial', initialSparsity: 0, sparsity, begin: 1, end: 1 + frequency * Math.floor(steps / 4 / frequency), frequency };
}

function unmasked(length: number): Sparsity {
  return { kind: 'sparsity', mask: new Uint8Array(length).fill(1) };
}
