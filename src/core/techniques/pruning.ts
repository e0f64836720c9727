import { defaultCriterion, trainingDefaults } from '../../shared/recipe/defaults.ts';
import { type PruningOptions, sparsityOf } from '../../shared/recipe/pruning-options.ts';
import { type NetworkConstraints, type SparsityDemand, withConstraint } from '../constraints/constraint.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { checkFilterPruning, checkRemovedFilters, pruneFilters, withoutFilters } from './filter-pruning.ts';
import { planTraining, trainFloatStage } from './fine-tuning-stage.ts';
import { inheritConstraints } from './inheritance.ts';
import { type SelectedKernel, selectKernels } from './layer-rules.ts';
import { chooseScope } from './pruning/choose-scope.ts';
import { type InputDeviations, pruningMasks, scheduledMasks, sparsityDemands } from './pruning/mask-schedule.ts';
import { checkStructure, type PruningStructure, structureOf } from './pruning/pruning-structure.ts';
import { reconstructKernels } from './pruning/reconstruct-kernels.ts';
import { checkSchedule, checkSparsity, completeSchedule, pruningSteps, type PruningSchedule, sparsityAt } from './pruning/schedules.ts';
import { sparseKernels } from './pruning/sparse-inference.ts';
import { inputDeviations } from './reconstruction/input-deviations.ts';
import type { OptimizedModel, Technique, TechniqueContext, TechniqueRequest } from './technique.ts';
import { trainFittedStage } from './train-fitted-stage.ts';

/**
 * Magnitude pruning with fine-tuning. Without a schedule the smallest weights go before the training, and the others are
 * fitted to make up for them, see `reconstructKernels`; with one, masks follow it while the weights train. Either way
 * they hold from then on. Whole filters are removed instead where the structure says so.
 */
export const pruning: Technique<PruningOptions> = {
  check: (network, request, zeros) => {
    checkRemovedFilters(network, request);
    if (request.options.structure === 'filters') {
      checkFilterPruning(network, request);
      return zeros;
    }
    const groups = structureOf(request.options.structure)?.kind === 'groups';
    const kernels = checkPruning(network, request).filter(({ settings }) => groups || settings.sparsity > 0);
    return new Set(kernels.map(({ parameter }) => parameter));
  },
  apply: async (model, request, context) => ({
    model:
      request.options.structure === 'filters' ? await pruneFilters(model, request, context) : await pruneWeights(model, request, context),
  }),
};

type PruningRequest = TechniqueRequest<PruningOptions>;

async function pruneWeights(whole: OptimizedModel, request: PruningRequest, context: TechniqueContext): Promise<OptimizedModel> {
  const { options, row } = request;
  const model = await withoutFilters(whole, request, context);
  const kernels = checkPruning(model.network, request);
  const known = structureOf(options.structure);
  const deviations = await rankingDeviations(model.network, kernels, options, context);
  const structure: PruningStructure = known ?? { kind: 'weights', scope: await chooseScope(model.network, kernels, context, deviations) };
  if (structure.kind === 'groups') warnOfUntouched(kernels, structure, context);
  const inherited = { ...model, constraints: inheritConstraints(model.constraints, row) };
  return options.schedule === undefined
    ? pruneBeforeTraining(inherited, kernels, structure, deviations, context, options)
    : pruneWhileTraining(
        inherited,
        kernels,
        structure,
        completeSchedule(options.schedule, sparsityOf(options)),
        deviations,
        context,
        options,
      );
}

/**
 * What magnitudes are multiplied with where `criterion` is `contribution`. It ranks single weights within a layer; groups,
 * filters and weights of the whole model are ranked by magnitude.
 */
async function rankingDeviations(
  network: Network,
  kernels: readonly SelectedKernel<'sparsity'>[],
  { criterion = defaultCriterion, structure }: PruningOptions,
  context: TechniqueContext,
): Promise<InputDeviations | undefined> {
  const known = structureOf(structure);
  if (criterion === 'magnitude' || (known !== undefined && (known.kind !== 'weights' || known.scope === 'model'))) return undefined;
  return inputDeviations(network, new Set(kernels.map(({ parameter }) => parameter)), context);
}

async function pruneBeforeTraining(
  model: OptimizedModel,
  kernels: readonly SelectedKernel<'sparsity'>[],
  structure: PruningStructure,
  deviations: InputDeviations | undefined,
  context: TechniqueContext,
  options: PruningOptions,
): Promise<OptimizedModel> {
  const fits = options.reconstruction !== false;
  let network = model.network;
  let masks: ReadonlyMap<ParameterId, Uint8Array> = new Map();
  for (const progress of fits && structure.kind !== 'groups' ? halvings(kernels) : [1]) {
    masks = pruningMasks(kernels, weightsOf(network, kernels), structure, progress, deviations);
    if (fits) network = await reconstructKernels(model.network, network, masks, context);
  }
  const constraints = withMasks(model.constraints, masks, sparsityDemands(kernels, structure), options);
  return fits
    ? trainFittedStage({ network, constraints }, context, options, trainingDefaults.prunedBefore)
    : trainFloatStage({ network, constraints }, context, options, trainingDefaults.float);
}

/**
 * The sparsity of each round, as shares of the final one. No round removes more than half of the remaining weights, so
 * that the next one ranks weights that already make up for those.
 */
function halvings(kernels: readonly SelectedKernel<'sparsity'>[]): readonly number[] {
  const sparsity = Math.max(...kernels.map(({ settings }) => settings.sparsity));
  if (sparsity === 0) return [1];
  const rounds = Math.max(1, Math.ceil(-Math.log2(1 - sparsity)));
  return Array.from({ length: rounds }, (_, i) => (1 - (1 - sparsity) ** ((i + 1) / rounds)) / sparsity);
}

function weightsOf(network: Network, kernels: readonly SelectedKernel<'sparsity'>[]): ReadonlyMap<ParameterId, Float32Array> {
  return new Map(kernels.map(({ parameter, data }) => [parameter, network.parameters.get(parameter)?.data ?? data]));
}

/** Zhu & Gupta 2017, arXiv:1710.01878. */
async function pruneWhileTraining(
  model: OptimizedModel,
  kernels: readonly SelectedKernel<'sparsity'>[],
  structure: PruningStructure,
  schedule: PruningSchedule,
  deviations: InputDeviations | undefined,
  context: TechniqueContext,
  options: PruningOptions,
): Promise<OptimizedModel> {
  const { steps } = planTraining(context, options, trainingDefaults.float);
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
  const maskSchedule = scheduledMasks(kernels, schedule, structure, steps, deviations);
  return trainFloatStage(
    {
      network: model.network,
      constraints: withMasks(model.constraints, whole, sparsityDemands(kernels, structure), options),
      maskSchedule,
    },
    context,
    options,
    trainingDefaults.float,
  );
}

/**
 * The kernels that a pruning would go through.
 *
 * @throws EspalierError `invalid-argument` for a sparsity, schedule, structure or layer pattern that makes no sense
 */
export function checkPruning(network: Network, request: PruningRequest): readonly SelectedKernel<'sparsity'>[] {
  const { options } = request;
  const structure = structureOf(options.structure);
  if (options.schedule !== undefined) checkSchedule(completeSchedule(options.schedule, sparsityOf(options)));
  if (options.schedule !== undefined && options.reconstruction === true)
    throw new EspalierError(
      'invalid-argument',
      'a reconstruction needs the masks before the training, and a schedule sets them during it',
      {
        where: 'pruning',
        fix: 'leave out "schedule" or "reconstruction"',
      },
    );
  if (structure !== undefined) checkStructure(structure);
  const selected = selectKernels(network, { sparsity: sparsityOf(options) }, request);
  const kernels = options.structure === 'xnnpack' ? sparseKernels(network, selected, options) : selected;
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

/** A row no longer than what a group keeps satisfies the pattern without any zeros. */
function warnOfUntouched(
  kernels: readonly SelectedKernel<'sparsity'>[],
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

function withMasks(
  constraints: NetworkConstraints,
  masks: ReadonlyMap<ParameterId, Uint8Array>,
  demands: ReadonlyMap<ParameterId, SparsityDemand>,
  { structure }: PruningOptions,
): NetworkConstraints {
  const all = new Map(constraints);
  const runtime = structure === 'xnnpack' ? structure : undefined;
  for (const [id, mask] of masks)
    all.set(id, withConstraint(all.get(id) ?? [], { kind: 'sparsity', mask, demand: demands.get(id), runtime }));
  return all;
}
