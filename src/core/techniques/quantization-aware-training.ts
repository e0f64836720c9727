import { defaultCalibrationSamples, defaultFreezeRangesAfter, trainingDefaults } from '../../shared/recipe/defaults.ts';
import type { QuantizationAwareTrainingOptions } from '../../shared/recipe/quantization-options.ts';
import { levelsOf } from '../constraints/composition.ts';
import { findConstraint, withConstraint } from '../constraints/constraint.ts';
import { channelLayout } from '../constraints/channels.ts';
import { calibrate } from '../quantize/calibrate.ts';
import { mixActivations, noInt16Layers, unmixActivations, type Int16Layers, withConvertedRanges } from '../quantize/mix-activations.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { roundedNetwork } from '../quantize/rounded-network.ts';
import { shortScales } from '../quantize/short-scales.ts';
import { chooseBatchNormMode, updateBatchNorms } from './batch-norm-mode.ts';
import { optimizedModel, planTraining, trainStage } from './fine-tuning-stage.ts';
import { prepareModelForDeployment, prepareModelForTraining } from './fold-constraints.ts';
import { holdZeros, inheritConstraints } from './inheritance.ts';
import { withIntegerGrids } from './integer-grids.ts';
import { kernelsOf } from './kernels.ts';
import { withGrids } from './narrow-weights/fit-narrow-weights.ts';
import { checkWeightBits, narrowKernels } from './narrow-weights/narrow-kernels.ts';
import { narrowStart } from './narrow-weights/narrow-start.ts';
import { errorsShown, networkError } from './network-error.ts';
import { quantizedWithoutTraining } from './quantized-without-training.ts';
import type { OptimizedModel, Technique, TechniqueContext, TechniqueRequest } from './technique.ts';
import { checkActivations, int16Layers } from './int16-layers.ts';

const rangeDecay = 0.999;

/**
 * Quantization-aware training, plain or preserving: QAT inherits nothing, so a pruned model loses zeros and a clustered one
 * its clusters; PQAT inherits masks, CQAT codebooks, PCQAT both.
 */
export const quantizationAwareTraining: Technique<QuantizationAwareTrainingOptions> = {
  check: (network, request, zeros) => {
    checkWeightBits(network, request);
    checkActivations(network, request);
    return zeros;
  },
  apply: async (model, request, context) => {
    const { trained, int16 } = await trainOnIntegerGrid(model, request, context);
    return { model: trained, quantized: quantizeTrained(trained, int16) };
  },
};

/**
 * Trains the network with every kernel on its integer grid and every activation of the deployed network fake-quantized,
 * while the inherited constraints stay in force. Batch norms after kernels whose grid has a scale for each channel keep
 * normalizing by statistics of the batch; folding them at the end scales the grid and leaves the integers. Activation
 * ranges start from calibration, follow a moving average, then are frozen. Jacob et al. 2018, arXiv:1712.05877. Kernels
 * with 4 bits start from what quantization after training gives them, and their scales are learned, see `narrowStart`.
 *
 * Where the parent was trained by an earlier stage, and training on the grid does worse on the validation examples than
 * quantization without training, the stage gives the latter; `restoreBest: false` always takes the trained one.
 */
async function trainOnIntegerGrid(
  model: OptimizedModel,
  request: TechniqueRequest<QuantizationAwareTrainingOptions>,
  context: TechniqueContext,
): Promise<{ readonly trained: OptimizedModel; readonly int16: Int16Layers }> {
  const { row, rules, options } = request;
  const prepared = prepareModelForTraining(model);
  const inherited = holdZeros(prepared.network, inheritConstraints(prepared.constraints, row));
  const narrow = narrowKernels(prepared.network, inherited, { row, rules, bits: options.weightBits ?? 8 }, context);
  const deployed = prepareModelForDeployment(model).network;
  const int16 = int16Layers(prepared.network, narrow, request, context, deployed);
  const start = await narrowStart(prepared.network, inherited, narrow, context);
  const { network } = start;
  const constraints = withGrids(withIntegerGrids(network, inherited, options.weightScales ?? 'maximum'), start.grids);
  const ranges = await calibrate({
    engine: context.engine,
    network: mixActivations(deployed, int16),
    data: context.data.train,
    samples: defaultCalibrationSamples,
    statistics: context.statistics,
    signal: context.signal,
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
  const normalizes = network.operations.some(({ kind }) => kind === 'batchNorm');
  const defaults = normalizes && !context.parentTrained ? trainingDefaults.normalizedIntegerGrid : trainingDefaults.integerGrid;
  const { steps } = planTraining(context, options, defaults);
  const activations = {
    ranges,
    freezeAfterStep: Math.floor(steps * (options.freezeRangesAfter ?? defaultFreezeRangesAfter)),
    decay: rangeDecay,
  };
  const batchNorm = await chooseBatchNormMode(network, context, options);
  const mixed = mixActivations(network, int16);
  const tuned = optimizedModel(
    await trainStage({ network: mixed, constraints, activations }, context, { ...options, batchNorm }, defaults),
  );
  const updated = await updateBatchNorms(unmixActivations(tuned.network), context, batchNorm);
  const trainedOnGrid = withShortScales(prepareModelForDeployment({ ...tuned, network: updated }));
  if (!context.parentTrained || options.restoreBest === false || context.data.validation.size === 0)
    return { trained: trainedOnGrid, int16 };
  const untrained = await quantizedWithoutTraining(model, row, context, { narrow, int16 });
  return { trained: await betterOnValidation(trainedOnGrid, untrained, int16, context), int16 };
}

async function betterOnValidation(
  trained: OptimizedModel,
  untrained: OptimizedModel,
  int16: Int16Layers,
  context: TechniqueContext,
): Promise<OptimizedModel> {
  const [before, after] = [await integerError(untrained, int16, context), await integerError(trained, int16, context)];
  if (after <= before) return trained;
  context.warn(
    `training on the integer grid takes the network ${errorsShown(before, after, context.data.validation, 'validation')}, so it stays as quantization without training gives it; ` +
      'a lower "learningRate", more "epochs" or "distillation" may gain something, and "restoreBest": false takes the trained weights',
  );
  return { ...trained, ...untrained };
}

/** The error of the .tflite, computed by an engine that rounds as it does. */
function integerError(model: OptimizedModel, int16: Int16Layers, context: TechniqueContext): Promise<number> {
  const quantized = quantizeTrained(model, int16);
  return networkError(context.data.validation, { network: roundedNetwork(quantized), activations: quantized.activations }, context);
}

/** The same integers; scales that a codebook asked for stay, since they keep a centroid one integer in all channels. */
function withShortScales({ network, constraints, ...rest }: OptimizedModel): OptimizedModel {
  const shortened = new Map(constraints);
  const parameters = new Map(network.parameters);
  for (const { parameter, shape, data } of kernelsOf(network)) {
    const list = constraints.get(parameter) ?? [];
    const grid = findConstraint(list, 'integerGrid');
    if (grid === undefined || levelsOf(list) !== undefined) continue;
    const scales = shortScales(grid.scales, 'nearest');
    const { channelOf } = channelLayout(shape, grid.granularity);
    const ratios = scales.map((scale, c) => scale / (grid.scales[c] ?? 1));
    shortened.set(parameter, withConstraint(list, { ...grid, scales }));
    parameters.set(parameter, { shape, data: data.map((weight, i) => weight * (ratios[channelOf(i)] ?? 1)) });
  }
  return { ...rest, network: { ...network, parameters }, constraints: shortened };
}

/** The trained integers in the form that the writer takes. */
export function quantizeTrained({ network, constraints, ranges }: OptimizedModel, int16: Int16Layers = noInt16Layers): QuantizedNetwork {
  const mixed = mixActivations(network, int16);
  return quantizeNetwork({ network: mixed, constraints, ranges: withConvertedRanges(mixed, ranges ?? new Map()) });
}
