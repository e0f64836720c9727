import { type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { planTraining, trainFloatStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { type LayerRules, type SelectedKernel, selectKernels } from './layer-rules.ts';
import { chooseScope } from './pruning/choose-scope.ts';
import { pruningMasks, scheduledMasks } from './pruning/mask-schedule.ts';
import { checkStructure, type PruningStructure } from './pruning/pruning-structure.ts';
import { reconstructKernels } from './pruning/reconstruct-kernels.ts';
import { checkSchedule, checkSparsity, pruningSteps, type PruningSchedule, sparsityAt } from './pruning/schedules.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';
import { trainFittedStage } from './train-fitted-stage.ts';
import { defaultSparsity } from './defaults.ts';

export interface PruningSettings {
  /** Fraction of weights to remove, in [0, 1); the structure `groups` brings its own. */
  readonly sparsity: number;
}

export interface PruningOptions extends LayerRules<PruningSettings>, TrainingOptions, Partial<PruningSettings> {
  /** Prunes step by step while the network trains; without one, pruning comes before the training. */
  readonly schedule?: PruningSchedule;
  /** Without a schedule: whether the weights that stay are fitted to what the whole layers compute; default: true. */
  readonly reconstruction?: boolean;
  /** Default: single weights, each layer by itself unless that breaks the network; see `chooseScope`. */
  readonly structure?: PruningStructure;
}

export const pruningDefaults = { epochs: 2, batchSize: 64, learningRate: 5e-4 };
/** Pruned at once, a network has all of the training to settle, and is kept as it was where that is too much. */
const fittedDefaults = { ...pruningDefaults, learningRate: 1e-3 };

/**
 * Magnitude pruning with fine-tuning. Without a schedule the smallest weights go before the training, and the others are
 * fitted to make up for them, see `reconstructKernels`; with one, masks follow it while the weights train. Either way
 * they hold from then on.
 *
 * @throws EspalierError before training for a sparsity, schedule or layer pattern that makes no sense
 */
export async function applyPruning(
  model: OptimizedModel,
  context: TechniqueContext,
  options: PruningOptions = {},
): Promise<OptimizedModel> {
  const kernels = checkPruning(model.network, options);
  const structure: PruningStructure = options.structure ?? { kind: 'weights', scope: await chooseScope(model.network, kernels, context) };
  if (structure.kind === 'groups') warnOfUntouched(kernels, structure, context);
  const { schedule } = options;
  return schedule === undefined
    ? pruneBeforeTraining(model, kernels, structure, context, options)
    : pruneWhileTraining(model, kernels, structure, schedule, context, options);
}

async function pruneBeforeTraining(
  model: OptimizedModel,
  kernels: readonly SelectedKernel<PruningSettings>[],
  structure: PruningStructure,
  context: TechniqueContext,
  options: PruningOptions,
): Promise<OptimizedModel> {
  const fits = options.reconstruction !== false;
  let network = model.network;
  let masks: ReadonlyMap<ParameterId, Uint8Array> = new Map();
  for (const progress of fits && structure.kind !== 'groups' ? halvings(kernels) : [1]) {
    masks = pruningMasks(kernels, weightsOf(network, kernels), structure, progress);
    if (fits) network = await reconstructKernels(model.network, network, masks, context);
  }
  const constraints = withMasks(model.constraints, masks);
  return fits
    ? trainFittedStage({ network, constraints }, context, options, fittedDefaults)
    : trainFloatStage({ network, constraints }, context, options, pruningDefaults);
}

/**
 * Of the final sparsity, what to reach in each of the rounds that together get there: none takes more than half of the
 * weights that are left, so that the next one judges by weights that already make up for those.
 */
function halvings(kernels: readonly SelectedKernel<PruningSettings>[]): readonly number[] {
  const sparsity = Math.max(...kernels.map(({ settings }) => settings.sparsity));
  if (sparsity === 0) return [1];
  const rounds = Math.max(1, Math.ceil(-Math.log2(1 - sparsity)));
  return Array.from({ length: rounds }, (_, i) => (1 - (1 - sparsity) ** ((i + 1) / rounds)) / sparsity);
}

function weightsOf(network: Network, kernels: readonly SelectedKernel<PruningSettings>[]): ReadonlyMap<ParameterId, Float32Array> {
  return new Map(kernels.map(({ parameter, data }) => [parameter, network.parameters.get(parameter)?.data ?? data]));
}

/** Zhu & Gupta 2017, arXiv:1710.01878. */
async function pruneWhileTraining(
  model: OptimizedModel,
  kernels: readonly SelectedKernel<PruningSettings>[],
  structure: PruningStructure,
  schedule: PruningSchedule,
  context: TechniqueContext,
  options: PruningOptions,
): Promise<OptimizedModel> {
  const { steps } = planTraining(context, options, pruningDefaults);
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
  const whole = new Map(kernels.map(({ parameter, data }) => [parameter, new Uint8Array(data.length).fill(1)]));
  const maskSchedule = scheduledMasks(kernels, schedule, structure, steps);
  return trainFloatStage(
    { network: model.network, constraints: withMasks(model.constraints, whole), maskSchedule },
    context,
    options,
    pruningDefaults,
  );
}

/**
 * The kernels that a pruning would go through.
 *
 * @throws EspalierError `invalid-argument` for a sparsity, schedule, structure or layer pattern that makes no sense
 */
export function checkPruning(network: Network, options: PruningOptions): readonly SelectedKernel<PruningSettings>[] {
  if (options.schedule !== undefined) checkSchedule(options.schedule);
  if (options.schedule !== undefined && options.reconstruction === true)
    throw new EspalierError(
      'invalid-argument',
      'a reconstruction needs the masks before the training, and a schedule sets them during it',
      {
        where: 'pruning',
        fix: 'leave out "schedule" or "reconstruction"',
      },
    );
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

function withMasks(constraints: NetworkConstraints, masks: ReadonlyMap<ParameterId, Uint8Array>): NetworkConstraints {
  const all = new Map(constraints);
  for (const [id, mask] of masks) all.set(id, withConstraint(all.get(id) ?? [], { kind: 'sparsity', mask }));
  return all;
}
