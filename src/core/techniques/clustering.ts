import type { ClusteringOptions } from '../../shared/recipe/clustering-options.ts';
import { defaultClusters, trainingDefaults } from '../../shared/recipe/defaults.ts';
import { inherits } from '../../shared/techniques.ts';
import { type Codebook, findConstraint, type Granularity } from '../constraints/constraint.ts';
import { gridScales } from '../constraints/integer-grid.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { createRandom } from '../random.ts';
import { fisherInformation } from '../train/fisher-information.ts';
import { buildCodebook } from './clustering/build-codebook.ts';
import { clusterKernels, clusterLayers } from './clustering/cluster-layers.ts';
import { planTraining, trainFloatStage } from './fine-tuning-stage.ts';
import { prepareModelForDeployment } from './fold-constraints.ts';
import { inheritConstraints } from './inheritance.ts';
import { quantizationGranularity } from './kernels.ts';
import { type SelectedKernel, selectKernels } from './layer-rules.ts';
import { movingMasks } from './pruning/moving-masks.ts';
import { inputDeviations } from './reconstruction/input-deviations.ts';
import type { OptimizedModel, Technique, TechniqueContext, TechniqueRequest } from './technique.ts';
import { trainFittedStage } from './train-fitted-stage.ts';

/** Palettes of NPU weight decoders such as the Ethos-U's have this many entries. */
const paletteSize = 32;

/**
 * Weight clustering: every kernel on a few values, which are learned with the weights. Han et al. 2016,
 * arXiv:1510.00149. Where the stage inherits sparsity, masks stay in force and zero is a centroid that does not move;
 * each layer counts for itself, so one without zeros is clustered plainly.
 */
export const clustering: Technique<ClusteringOptions> = {
  check: (network, request, zeros) => {
    checkClustering(network, request, (parameter) => inherits(request.row, 'sparsity') && zeros.has(parameter));
    return zeros;
  },
  apply: async (model, request, context) => ({ model: await clusterWeights(model, request, context) }),
};

type ClusteringRequest = TechniqueRequest<ClusteringOptions>;

async function clusterWeights(model: OptimizedModel, request: ClusteringRequest, context: TechniqueContext): Promise<OptimizedModel> {
  const { options, row } = request;
  const inherited = { ...model, constraints: inheritConstraints(model.constraints, row) };
  const start = options.integerGrid === true ? prepareModelForDeployment(inherited) : inherited;
  const hasZeros = (parameter: ParameterId): boolean =>
    findConstraint(start.constraints.get(parameter) ?? [], 'sparsity')?.mask.includes(0) === true;
  const pinned = (parameter: ParameterId): boolean => options.integerGrid === true || hasZeros(parameter);
  const kernels = checkClustering(start.network, request, hasZeros).filter((kernel) => canCluster(kernel, context));
  if (kernels.length === 0)
    throw new EspalierError('invalid-argument', 'no layer is left to cluster', { fix: 'exclude fewer layers, or ask for fewer clusters' });

  const importance = options.weighting === 'fisher' ? await importanceOf(start, context) : undefined;
  const random = createRandom(context.seed);
  const seeds = new Map(kernels.map(({ parameter }) => [parameter, random.integer(2 ** 31)]));
  const choose = (kernel: SelectedKernel<'clusters'>, data: Float32Array): Codebook =>
    codebookOf({ ...kernel, data }, pinned(kernel.parameter), options, importance?.get(kernel.parameter), seeds.get(kernel.parameter) ?? 0);
  const fits = reconstructs(options);
  const clustered = fits ? await clusterLayers(start, kernels, choose, context) : clusterKernels(start, kernels, choose);
  const defaults = fits && context.parentTrained ? trainingDefaults.clusteringOfTrainedParent : trainingDefaults.clustering;
  const masked = new Set(kernels.map(({ parameter }) => parameter).filter(hasZeros));
  const maskSchedule =
    options.movingMasks === true
      ? movingMasks(
          clustered.constraints,
          masked,
          await inputDeviations(clustered.network, masked, context),
          planTraining(context, options, defaults).steps,
        )
      : undefined;
  const stage = { ...clustered, maskSchedule };
  return fits ? trainFittedStage(stage, context, options, defaults) : trainFloatStage(stage, context, options, defaults);
}

function reconstructs({ reconstruction = true }: ClusteringOptions): boolean {
  return reconstruction;
}

/** Enough for a mean; the gradient of a batch takes as long as a training step. */
const fisherBatches = 100;

function importanceOf({ network, constraints }: OptimizedModel, context: TechniqueContext): ReturnType<typeof fisherInformation> {
  const { engine, data, loss, seed, signal } = context;
  return fisherInformation({
    engine,
    network,
    constraints,
    data: data.train,
    loss,
    batchSize: 32,
    batches: fisherBatches,
    seed,
    signal,
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
}

/**
 * The kernels that a clustering goes through.
 *
 * @param hasZeros whether the kernel has zeros to keep, so that zero must be one of its values
 * @throws EspalierError `invalid-argument` for a layer pattern that matches nothing, or too few clusters
 */
function checkClustering(
  network: Network,
  request: ClusteringRequest,
  hasZeros: (parameter: ParameterId) => boolean,
): readonly SelectedKernel<'clusters'>[] {
  const { options } = request;
  if (options.movingMasks === true && !inherits(request.row, 'sparsity'))
    throw new EspalierError('invalid-argument', 'without inherited zeros there are no masks that could move', {
      where: request.row.options,
      fix: 'set "movingMasks" of "sparsityPreservingClustering"',
    });
  const selected = selectKernels(network, { clusters: options.clusters ?? defaultClusters }, request);
  for (const { layer, parameter, settings } of selected)
    checkClusters(settings.clusters, options.integerGrid === true || hasZeros(parameter), layer);
  return selected;
}

/** @throws EspalierError `invalid-argument` */
export function checkClusters(clusters: number, zeroPinned: boolean, layer: string): void {
  const least = zeroPinned ? 3 : 2;
  if (!Number.isInteger(clusters) || clusters < least) {
    throw new EspalierError('invalid-argument', `${clusters} clusters are too few`, {
      where: `layer "${layer}"`,
      fix: `give a whole number of at least ${least}${zeroPinned ? ', for zero is one of them' : ''}`,
    });
  }
}

function canCluster({ layer, data, settings: { clusters } }: SelectedKernel<'clusters'>, context: TechniqueContext): boolean {
  if (clusters > paletteSize)
    context.warn(`layer "${layer}": ${clusters} clusters are more than the ${paletteSize} values that palettes of weight decoders hold`);
  const distinct = countDistinct(data, clusters);
  if (distinct >= clusters) return true;
  const what = distinct === 1 ? `all weights are ${data[0] ?? 0}` : `the kernel has ${distinct} different values`;
  context.warn(`layer "${layer}": ${what}, fewer than ${clusters} clusters; it is left as it is`);
  return false;
}

function countDistinct(values: Float32Array, enough: number): number {
  const seen = new Set<number>();
  for (const value of values) {
    seen.add(value);
    if (seen.size >= enough) break;
  }
  return seen.size;
}

function codebookOf(
  { operation, shape, data, settings }: SelectedKernel<'clusters'>,
  zeroPinned: boolean,
  options: ClusteringOptions,
  importance: Float32Array | undefined,
  seed: number,
): Codebook {
  const { initialization = 'kmeans++', gradient = 'sum', integerGrid = false } = options;
  const { rateWeight = reconstructs(options) ? 1 : 0.75 } = options;
  const gridGranularity = quantizationGranularity(operation);
  // A dense kernel has one scale, so one codebook: as many for each output would only be more values to store.
  const granularity: Granularity = options.granularity === 'channel' && !integerGrid ? gridGranularity : { kind: 'tensor' };
  return buildCodebook(
    data,
    shape,
    {
      clusters: settings.clusters,
      granularity,
      initialization,
      refine: true,
      rateWeight,
      sizeOf: options.sizeOf,
      gradient,
      zeroPinned,
      importance,
      grid: integerGrid ? { granularity: gridGranularity, scales: gridScales(data, shape, { granularity: gridGranularity }) } : undefined,
    },
    createRandom(seed),
  );
}
