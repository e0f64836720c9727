import { type ConstraintKind, findConstraint, withConstraint } from '../constraints/constraint.ts';
import { channelLayout } from '../constraints/channels.ts';
import { calibrate } from '../quantize/calibrate.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { roundedNetwork } from '../quantize/rounded-network.ts';
import { shortScales } from '../quantize/short-scales.ts';
import { chooseBatchNormMode, settleBatchNorms } from './batch-norm-mode.ts';
import { optimizedModel, planTraining, trainStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { readyForDeployment, readyForQuantizedTraining } from './fold-constraints.ts';
import { holdZeros, inheritConstraints } from './inheritance.ts';
import { withIntegerGrids } from './integer-grids.ts';
import { kernelsOf } from './kernels.ts';
import { errorsShown, networkError } from './network-error.ts';
import { quantizedWithoutTraining } from './quantized-without-training.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

export interface QuantizationAwareTrainingOptions extends TrainingOptions {
  /** Where weight scales come from: the largest weight at each step, or learned with the weights (LSQ). Default: maximum. */
  readonly weightScales?: 'maximum' | 'learned';
  /** Examples that give activation ranges their start. */
  readonly calibrationSamples?: number;
  /** Share of the training after which activation ranges stand still; default: 0.5. */
  readonly freezeRangesAfter?: number;
}

export const quantizationAwareTrainingDefaults = { epochs: 1, batchSize: 64, learningRate: 1e-4 };
/**
 * Behind batch norms the size of a kernel, and of its steps, does not matter: they train as in a float stage. A network
 * that was pruned or clustered has learned what there was to learn, and moves little.
 */
const normalizedLearningRate = 3e-4;
const rangeDecay = 0.999;

/** Plain quantization-aware training: inherits nothing, so a pruned model loses zeros and a clustered one its clusters. */
export function applyQuantizationAwareTraining(
  model: OptimizedModel,
  context: TechniqueContext,
  options: QuantizationAwareTrainingOptions = {},
): Promise<OptimizedModel> {
  return trainOnIntegerGrid(model, context, options, []);
}

/**
 * Trains the network with every kernel on the int8 grid and every activation of the deployed network fake-quantized,
 * while the inherited constraints stay in force. Batch norms go on normalizing by statistics of the batch behind kernels
 * whose grid has a scale for each channel: folded at the end, they scale the grid and leave the integers. Activation
 * ranges start from calibration, follow a moving average, then stand still. Jacob et al. 2018, arXiv:1712.05877.
 *
 * What was inherited has been trained before, without the validation examples. Where training on the grid does worse on
 * them than quantization without it, that is what the stage gives; `restoreBest: false` takes the trained one always.
 */
export async function trainOnIntegerGrid(
  model: OptimizedModel,
  context: TechniqueContext,
  options: QuantizationAwareTrainingOptions,
  inherited: readonly ConstraintKind[],
): Promise<OptimizedModel> {
  const { network, constraints: current } = readyForQuantizedTraining(model);
  const constraints = withIntegerGrids(
    network,
    holdZeros(network, inheritConstraints(current, inherited)),
    options.weightScales ?? 'maximum',
  );
  const ranges = await calibrate({
    engine: context.engine,
    network: readyForDeployment(model).network,
    data: context.data.train,
    samples: options.calibrationSamples ?? 1000,
    signal: context.signal,
    onProgress: (fraction) => {
      context.onProgress('calibrating', fraction);
    },
  });
  const normalizes = network.operations.some(({ kind }) => kind === 'batchNorm');
  const defaults =
    normalizes && inherited.length === 0
      ? { ...quantizationAwareTrainingDefaults, learningRate: normalizedLearningRate }
      : quantizationAwareTrainingDefaults;
  const { steps } = planTraining(context, options, defaults);
  const activations = { ranges, freezeAfterStep: Math.floor(steps * (options.freezeRangesAfter ?? 0.5)), decay: rangeDecay };
  const batchNorm = await chooseBatchNormMode(network, context, options);
  const trained = optimizedModel(await trainStage({ network, constraints, activations }, context, { ...options, batchNorm }, defaults));
  const settled = await settleBatchNorms(trained.network, context, batchNorm);
  const aware = withShortScales(readyForDeployment({ ...trained, network: settled }));
  if (inherited.length === 0 || options.restoreBest === false || context.data.validation.size === 0) return aware;
  return betterOnValidation(aware, await quantizedWithoutTraining(model, context, inherited, options.calibrationSamples), context);
}

async function betterOnValidation(aware: OptimizedModel, start: OptimizedModel, context: TechniqueContext): Promise<OptimizedModel> {
  const [before, after] = [await integerError(start, context), await integerError(aware, context)];
  if (after <= before) return aware;
  context.warn(
    `training on the integer grid takes the network ${errorsShown(before, after, context.data.validation, 'validation')}, so it stays as quantization without training gives it; ` +
      'a lower "learningRate", more "epochs" or "distillation" may gain something, and "restoreBest": false takes the trained weights',
  );
  return { ...aware, ...start };
}

/** What the .tflite will do, by an engine that rounds as it does. */
function integerError(model: OptimizedModel, context: TechniqueContext): Promise<number> {
  const quantized = quantizeTrained(model);
  return networkError(context.data.validation, { network: roundedNetwork(quantized), activations: quantized.activations }, context);
}

/** The same integers; the scales of a codebook's grid stay, for they keep a centroid one integer in all channels. */
function withShortScales({ network, constraints, ...rest }: OptimizedModel): OptimizedModel {
  const shortened = new Map(constraints);
  const parameters = new Map(network.parameters);
  for (const { parameter, shape, data } of kernelsOf(network)) {
    const list = constraints.get(parameter) ?? [];
    const grid = findConstraint(list, 'integerGrid');
    if (grid === undefined || findConstraint(list, 'codebook') !== undefined) continue;
    const scales = shortScales(grid.scales, 'nearest');
    const { channelOf } = channelLayout(shape, grid.granularity);
    const ratios = scales.map((scale, c) => scale / (grid.scales[c] ?? 1));
    shortened.set(parameter, withConstraint(list, { ...grid, scales }));
    parameters.set(parameter, { shape, data: data.map((weight, i) => weight * (ratios[channelOf(i)] ?? 1)) });
  }
  return { ...rest, network: { ...network, parameters }, constraints: shortened };
}

/** The integers that quantization-aware training found, ready for the writer. */
export function quantizeTrained({ network, constraints, ranges }: OptimizedModel): QuantizedNetwork {
  return quantizeNetwork({ network, constraints, ranges: ranges ?? new Map() });
}
