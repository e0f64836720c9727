import { findConstraint, type NetworkConstraints } from '../constraints/constraint.ts';
import { calibrate } from '../quantize/calibrate.ts';
import type { Observer } from '../quantize/observers.ts';
import type { ActivationType, QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { readyForDeployment } from './fold-constraints.ts';
import { withIntegerGrids } from './integer-grids.ts';
import { correctBiases } from './post-training/correct-biases.ts';
import { equalizeLayers } from './post-training/equalize-layers.ts';
import { fitCodebookScales } from './post-training/fit-codebook-scales.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

export interface PostTrainingQuantizationOptions {
  /** Examples of the training data that give the ranges of activations; default: 1,000. */
  readonly samples?: number;
  /** Default: the range of least squared error for int8 activations of a network with batch norms, else minimum and maximum. */
  readonly observer?: Observer;
  /** Default: int8. */
  readonly activationType?: ActivationType;
  /** Even out the ranges of layers that follow each other first, where no codebook holds their kernels. Default: true. */
  readonly crossLayerEqualization?: boolean;
  /** Take the mean error of rounded kernels out of the biases. Default: where the network has batch norms. */
  readonly biasCorrection?: boolean;
}

/**
 * Full-integer quantization without training: ranges are calibrated, weights rounded. A clustered kernel is rounded
 * on the grid of its codebook, so that a centroid is one integer throughout the kernel, and as close to it as may be.
 * The options that move scales and biases are data-free quantization's: Nagel et al. 2019, arXiv:1906.04721.
 */
export async function applyPostTrainingQuantization(
  model: OptimizedModel,
  context: TechniqueContext,
  options: PostTrainingQuantizationOptions = {},
): Promise<QuantizedNetwork> {
  const { network: deployed, constraints } = readyForDeployment(model);
  const network = (options.crossLayerEqualization ?? true) ? equalizeLayers(deployed, constraints) : deployed;
  const samples = options.samples ?? 1000;
  const activationType = options.activationType ?? 'int8';
  // On deep networks, which have them, both win up to a point; on the guide's MNIST network neither shows.
  const normalizes = model.network.operations.some(({ kind }) => kind === 'batchNorm');
  const ranges = await calibrate({
    engine: context.engine,
    network,
    data: context.data.train,
    samples,
    signal: context.signal,
    observer: options.observer ?? (normalizes && activationType === 'int8' ? { kind: 'squaredError' } : { kind: 'minMax' }),
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
  const grids = fitCodebookScales(network, onlyClustered(withIntegerGrids(network, constraints, 'maximum')));
  const quantized = quantizeNetwork({ network, ranges, constraints: grids, activationType });
  if (!(options.biasCorrection ?? normalizes)) return quantized;
  return correctBiases(quantized, { engine: context.engine, data: context.data.train, samples, signal: context.signal });
}

function onlyClustered(constraints: NetworkConstraints): NetworkConstraints {
  return new Map([...constraints].filter(([, list]) => findConstraint(list, 'codebook') !== undefined));
}
