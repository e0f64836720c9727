import { defaultCalibrationSamples } from '../../shared/recipe/defaults.ts';
import type { PostTrainingQuantizationOptions } from '../../shared/recipe/quantization-options.ts';
import type { WeightBits } from '../../shared/techniques.ts';
import { levelsOf } from '../constraints/composition.ts';
import type { NetworkConstraints } from '../constraints/constraint.ts';
import { calibrate, statedRanges } from '../quantize/calibrate.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { prepareModelForDeployment } from './fold-constraints.ts';
import { inheritConstraints } from './inheritance.ts';
import { withIntegerGrids } from './integer-grids.ts';
import { type NarrowGrids, narrowGrids, roundToGrids, withGrids } from './four-bit-weights.ts';
import { correctBiases } from './post-training/correct-biases.ts';
import { equalizeLayers } from './post-training/equalize-layers.ts';
import { fitCodebookScales } from './post-training/fit-codebook-scales.ts';
import type { OptimizedModel, Technique, TechniqueContext, TechniqueRequest } from './technique.ts';

export const postTrainingQuantization: Technique<PostTrainingQuantizationOptions> = {
  apply: async (model, request, context) => {
    const { row, options } = request;
    const inherited = { ...model, constraints: inheritConstraints(model.constraints, row) };
    const deployed = prepareModelForDeployment(inherited);
    const narrow = gridsOf(row.weightBits ?? 8, deployed, request, context);
    const quantized = await quantizeAfterTraining(inherited, options, context, narrow);
    return {
      model: {
        ...deployed,
        network: quantized.network,
        constraints: narrow === undefined ? deployed.constraints : withGrids(deployed.constraints, narrow),
        curve: [],
        trainingSeconds: undefined,
      },
      quantized,
    };
  },
};

/**
 * Full-integer quantization without training: calibrates ranges and rounds weights. A clustered kernel is rounded on the
 * grid of its codebook, so that a centroid is the same integer throughout the kernel, with the least error. Cross-layer
 * equalization and bias correction are those of data-free quantization: Nagel et al. 2019, arXiv:1906.04721.
 */
export async function quantizeAfterTraining(
  model: OptimizedModel,
  options: PostTrainingQuantizationOptions,
  context: TechniqueContext,
  narrow?: NarrowGrids,
): Promise<QuantizedNetwork> {
  const { network: deployed, constraints } = prepareModelForDeployment(model);
  // Equalized channels share their range; grids of 15 values for each channel would not gain by it.
  const notice = options.observer === undefined ? statedRanges(deployed, model.ranges) : undefined;
  if (notice !== undefined) context.warn(`${notice}; an "observer" in the recipe calibrates all of them`);
  const known = notice === undefined ? undefined : model.ranges;
  // Channels that are scaled have other ranges than the model states.
  const equalizes = options.crossLayerEqualization ?? known === undefined;
  const network = narrow === undefined && equalizes ? equalizeLayers(deployed, constraints) : deployed;
  const samples = options.calibrationSamples ?? defaultCalibrationSamples;
  const activationType = options.activations ?? 'int8';
  // Both gain up to a point on deep networks, which have batch norms, and nothing on the guide's MNIST network.
  const normalizes = model.network.operations.some(({ kind }) => kind === 'batchNorm');
  const ranges = await calibrate({
    engine: context.engine,
    network,
    data: context.data.train,
    samples,
    signal: context.signal,
    known,
    observer: options.observer ?? (normalizes && activationType === 'int8' ? { kind: 'squaredError' } : { kind: 'minMax' }),
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
  const grids = fitCodebookScales(network, onlyClustered(withIntegerGrids(network, constraints, 'maximum')));
  const quantized =
    narrow === undefined
      ? quantizeNetwork({ network, ranges, constraints: grids, activationType })
      : quantizeNetwork({
          network: await roundToGrids(network, constraints, narrow, context),
          ranges,
          constraints: withGrids(grids, narrow),
          activationType,
        });
  if (!(options.biasCorrection ?? normalizes)) return quantized;
  return correctBiases(quantized, { engine: context.engine, data: context.data.train, samples, signal: context.signal });
}

function onlyClustered(constraints: NetworkConstraints): NetworkConstraints {
  return new Map([...constraints].filter(([, list]) => levelsOf(list) !== undefined));
}

/** Grids of few levels, which are chosen and rounded to before; 8-bit ones follow from the weights. */
function gridsOf(
  bits: WeightBits,
  deployed: OptimizedModel,
  request: TechniqueRequest<PostTrainingQuantizationOptions>,
  context: TechniqueContext,
): NarrowGrids | undefined {
  switch (bits) {
    case 8:
      return undefined;
    case 4:
      return narrowGrids(deployed, request, context);
  }
}
