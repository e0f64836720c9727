import { defaultCalibrationSamples, defaultRoundingSteps } from '../../shared/recipe/defaults.ts';
import type { PostTrainingQuantizationOptions } from '../../shared/recipe/quantization-options.ts';
import { levelsOf } from '../constraints/composition.ts';
import type { NetworkConstraints } from '../constraints/constraint.ts';
import { calibrate, knownThroughout, statedRanges } from '../quantize/calibrate.ts';
import { mixActivations, unmixActivations, withConvertedRanges } from '../quantize/mix-activations.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { prepareModelForDeployment } from './fold-constraints.ts';
import { inheritConstraints } from './inheritance.ts';
import { withIntegerGrids } from './integer-grids.ts';
import { fitNarrowWeights, type NarrowNetwork, withGrids } from './narrow-weights/fit-narrow-weights.ts';
import { checkWeightBits, narrowKernels } from './narrow-weights/narrow-kernels.ts';
import { correctBiases } from './post-training/correct-biases.ts';
import { equalizeLayers } from './post-training/equalize-layers.ts';
import { fitCodebookScales } from './post-training/fit-codebook-scales.ts';
import type { OptimizedModel, Technique, TechniqueContext } from './technique.ts';
import { checkActivations, type LayerPrecision, wholeInt8, int16Layers } from './int16-layers.ts';

export const postTrainingQuantization: Technique<PostTrainingQuantizationOptions> = {
  check: (network, request, zeros) => {
    checkWeightBits(network, request);
    checkActivations(network, request);
    return zeros;
  },
  apply: async (model, request, context) => {
    const { row, rules, options } = request;
    const inherited = { ...model, constraints: inheritConstraints(model.constraints, row) };
    const deployed = prepareModelForDeployment(inherited);
    const narrow = narrowKernels(deployed.network, deployed.constraints, { row, rules, bits: row.weightBits ?? 8 }, context);
    const int16 = int16Layers(deployed.network, narrow, request, context);
    const { quantized, grids } = await quantizeAfterTraining(inherited, options, context, { narrow, int16 });
    return {
      model: {
        ...deployed,
        network: unmixActivations(quantized.network),
        constraints: withGrids(deployed.constraints, grids),
        curve: [],
        trainingSeconds: undefined,
      },
      quantized,
    };
  },
};

export interface QuantizedAfterTraining {
  readonly quantized: QuantizedNetwork;
  /** Of the kernels with 4-bit weights. */
  readonly grids: NarrowNetwork['grids'];
}

/**
 * Full-integer quantization without training: calibrates ranges and rounds weights. A clustered kernel is rounded on the
 * grid of its codebook, so that a centroid is the same integer throughout the kernel, with the least error. Cross-layer
 * equalization and bias correction are those of data-free quantization: Nagel et al. 2019, arXiv:1906.04721.
 *
 * @param precision kernels with 4-bit weights, see `fitNarrowWeights`; layers with int16 activations, see `mixActivations`
 */
export async function quantizeAfterTraining(
  model: OptimizedModel,
  options: PostTrainingQuantizationOptions,
  context: TechniqueContext,
  { narrow, int16 }: LayerPrecision = wholeInt8,
): Promise<QuantizedAfterTraining> {
  const { network: deployed, constraints } = prepareModelForDeployment(model);
  // Equalized channels share their range; grids of 15 values for each channel would not gain by it.
  const notice = options.observer === undefined ? statedRanges(deployed, model.ranges) : undefined;
  if (notice !== undefined) context.warn(`${notice}; an "observer" in the recipe calibrates all of them`);
  const known = notice === undefined ? undefined : model.ranges;
  // Channels that are scaled have other ranges than the model states.
  const equalizes = options.crossLayerEqualization ?? known === undefined;
  const network = mixActivations(narrow.size === 0 && equalizes ? equalizeLayers(deployed, constraints) : deployed, int16);
  const samples = options.calibrationSamples ?? defaultCalibrationSamples;
  const activationType = options.activations ?? 'int8';
  // Both gain up to a point on deep networks, which have batch norms, and nothing on the guide's MNIST network.
  const normalizes = model.network.operations.some(({ kind }) => kind === 'batchNorm');
  const ranges = await calibrate({
    engine: context.engine,
    network,
    data: context.data.train,
    samples,
    statistics: context.statistics,
    signal: context.signal,
    known: known && new Map([...withConvertedRanges(network, knownThroughout(network, known).ranges), ...known]),
    observer: options.observer ?? (normalizes && activationType === 'int8' ? { kind: 'squaredError' } : { kind: 'minMax' }),
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
  const grids = fitCodebookScales(network, onlyClustered(withIntegerGrids(network, constraints, 'maximum')));
  const fit = {
    kernels: narrow,
    correctBiases: options.biasCorrection ?? true,
    roundingSteps: options.roundingSteps ?? defaultRoundingSteps,
  };
  const fitted = await fitNarrowWeights(network, constraints, fit, context);
  const quantized = quantizeNetwork({
    network: fitted.network,
    ranges,
    constraints: withGrids(grids, fitted.grids),
    activationType,
  });
  if (!(options.biasCorrection ?? normalizes)) return { quantized, grids: fitted.grids };
  const { engine, data, statistics, signal } = context;
  const corrected = await correctBiases(quantized, { engine, data: data.train, samples, statistics, signal });
  return { quantized: corrected, grids: fitted.grids };
}

function onlyClustered(constraints: NetworkConstraints): NetworkConstraints {
  return new Map([...constraints].filter(([, list]) => levelsOf(list) !== undefined));
}
