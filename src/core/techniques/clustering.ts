import type { Codebook, Granularity } from '../constraints/constraint.ts';
import { gridScales } from '../constraints/integer-grid.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { createRandom } from '../random.ts';
import { fisherInformation } from '../train/fisher-information.ts';
import { buildCodebook } from './clustering/build-codebook.ts';
import { clusterKernels, clusterLayers } from './clustering/cluster-layers.ts';
import type { CentroidInitialization } from './clustering/initial-centroids.ts';
import { trainFloatStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { readyForDeployment } from './fold-constraints.ts';
import { quantizationGranularity } from './kernels.ts';
import { type LayerRules, type SelectedKernel, selectKernels } from './layer-rules.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';
import { defaultClusters } from './defaults.ts';
import { trainFittedStage } from './train-fitted-stage.ts';

export interface ClusteringSettings {
  /** Values a kernel, or a channel, may take; at least 2, and 3 where zero is one of them. */
  readonly clusters: number;
  /** Default: tensor. */
  readonly granularity: 'tensor' | 'channel';
}

export interface ClusteringOptions extends LayerRules<ClusteringSettings>, TrainingOptions, Partial<ClusteringSettings> {
  /** Default: k-means++. */
  readonly initialization?: CentroidInitialization;
  /** k-means until it stands still before training; default: true. */
  readonly refine?: boolean;
  /** Default: sum. */
  readonly gradient?: 'sum' | 'average';
  /**
   * Centroids on the int8 grid of the folded network, one codebook of integers a layer with zero among them, so that
   * quantization changes nothing.
   */
  readonly integerGrid?: boolean;
  /**
   * How much the length of the entropy code counts beside the error when centroids are chosen and weights assigned: 0
   * not at all, 1 where a bit costs what it would save in error elsewhere; default: 1, without reconstruction 0.75. Only
   * with `refine`.
   */
  readonly rateWeight?: number;
  /** Before the training, choose centroids and assign weights by what the whole layers compute; default: as `refine`. */
  readonly reconstruction?: boolean;
  /** How much the error of each weight counts in k-means: all the same (the default), or by its Fisher information. */
  readonly weighting?: 'uniform' | 'fisher';
}

export const clusteringDefaults = { epochs: 1, batchSize: 64, learningRate: 5e-4 };
/** Of a fitted network that was trained to constraints before: it moves little, and longer steps forget. */
const settledDefaults = { ...clusteringDefaults, learningRate: 2e-4 };
/** Weight decoders of NPUs such as the Ethos-U hold this many values. */
const paletteSize = 32;

/**
 * Weight clustering: every kernel on a few values, which are learned with the weights.
 * Han et al. 2016, arXiv:1510.00149.
 */
export function applyClustering(
  model: OptimizedModel,
  context: TechniqueContext,
  options: ClusteringOptions = {},
): Promise<OptimizedModel> {
  return clusterWeights({ ...model, constraints: new Map() }, context, options, () => false);
}

/**
 * The common part of plain and sparsity-preserving clustering; the model's constraints stay in force.
 *
 * @param pinsZero whether zero is one of the values of a kernel
 * @throws EspalierError before training for settings or a kernel that cannot be clustered
 */
export async function clusterWeights(
  model: OptimizedModel,
  context: TechniqueContext,
  options: ClusteringOptions,
  pinsZero: (parameter: ParameterId) => boolean,
): Promise<OptimizedModel> {
  const start = options.integerGrid === true ? readyForDeployment(model) : model;
  const pinned = (parameter: ParameterId): boolean => options.integerGrid === true || pinsZero(parameter);
  const selected = checkClustering(start.network, options, pinned);
  const kernels = selected.filter((kernel) => canCluster(kernel, context));
  if (kernels.length === 0)
    throw new EspalierError('invalid-argument', 'no layer is left to cluster', { fix: 'exclude fewer layers, or ask for fewer clusters' });

  const importance = options.weighting === 'fisher' ? await importanceOf(start, context) : undefined;
  const random = createRandom(context.seed);
  const seeds = new Map(kernels.map(({ parameter }) => [parameter, random.integer(2 ** 31)]));
  const choose = (kernel: SelectedKernel<ClusteringSettings>, data: Float32Array): Codebook =>
    codebookOf({ ...kernel, data }, pinned(kernel.parameter), options, importance?.get(kernel.parameter), seeds.get(kernel.parameter) ?? 0);
  return reconstructs(options)
    ? trainFittedStage(
        await clusterLayers(start, kernels, choose, context),
        context,
        options,
        start.constraints.size === 0 ? clusteringDefaults : settledDefaults,
      )
    : trainFloatStage(clusterKernels(start, kernels, choose), context, options, clusteringDefaults);
}

function reconstructs({ refine = true, reconstruction = refine }: ClusteringOptions): boolean {
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
 * The kernels that a clustering would go through.
 *
 * @param pinsZero whether zero is one of the values of a kernel
 * @throws EspalierError `invalid-argument` for a layer pattern that matches nothing, or too few clusters
 */
export function checkClustering(
  network: Network,
  options: ClusteringOptions,
  pinsZero: (parameter: ParameterId) => boolean,
): readonly SelectedKernel<ClusteringSettings>[] {
  const settings: ClusteringSettings = { clusters: options.clusters ?? defaultClusters, granularity: options.granularity ?? 'tensor' };
  const selected = selectKernels(network, settings, options);
  for (const { layer, parameter, settings: own } of selected) checkClusters(own.clusters, pinsZero(parameter), layer);
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

function canCluster({ layer, data, settings: { clusters } }: SelectedKernel<ClusteringSettings>, context: TechniqueContext): boolean {
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
  { operation, shape, data, settings }: SelectedKernel<ClusteringSettings>,
  zeroPinned: boolean,
  options: ClusteringOptions,
  importance: Float32Array | undefined,
  seed: number,
): Codebook {
  const { initialization = 'kmeans++', refine = true, gradient = 'sum', integerGrid = false } = options;
  const { rateWeight = reconstructs(options) ? 1 : 0.75 } = options;
  const gridGranularity = quantizationGranularity(operation);
  // A dense kernel has one scale, so one codebook: as many for each output would only be more values to store.
  const granularity: Granularity = settings.granularity === 'channel' && !integerGrid ? gridGranularity : { kind: 'tensor' };
  return buildCodebook(
    data,
    shape,
    {
      clusters: settings.clusters,
      granularity,
      initialization,
      refine,
      rateWeight,
      gradient,
      zeroPinned,
      ...(importance === undefined ? {} : { importance }),
      ...(integerGrid ? { grid: { granularity: gridGranularity, scales: gridScales(data, shape, { granularity: gridGranularity }) } } : {}),
    },
    createRandom(seed),
  );
}
