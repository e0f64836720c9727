import { type ConstraintKind, findConstraint, type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { channelLayout } from '../constraints/channels.ts';
import { gridScales } from '../constraints/integer-grid.ts';
import type { Network } from '../network/network.ts';
import { calibrate } from '../quantize/calibrate.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { shortScales } from '../quantize/short-scales.ts';
import { optimizedModel, planTraining, trainStage, type TrainingOptions } from './fine-tuning-stage.ts';
import { readyForDeployment, readyForQuantizedTraining } from './fold-constraints.ts';
import { holdZeros, inheritConstraints } from './inheritance.ts';
import { kernelsOf, quantizationGranularity } from './kernels.ts';
import { reestimateBatchNorms } from './reestimate-batch-norms.ts';
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
  const trained = optimizedModel(await trainStage({ network, constraints, activations }, context, options, defaults));
  return withShortScales(readyForDeployment({ ...trained, network: await reestimateBatchNorms(trained.network, context) }));
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

/** Each kernel on the grid that the runtimes want; where its centroids are integers already, their grid stays. */
export function withIntegerGrids(network: Network, constraints: NetworkConstraints, scaling: 'maximum' | 'learned'): NetworkConstraints {
  const all = new Map(constraints);
  for (const { parameter, operation, data, shape } of kernelsOf(network)) {
    const list = all.get(parameter) ?? [];
    const codebook = findConstraint(list, 'codebook');
    const granularity = quantizationGranularity(operation);
    const onGrid = codebook?.integers === true;
    all.set(
      parameter,
      withConstraint(list, {
        kind: 'integerGrid',
        granularity,
        scales: gridScales(data, shape, { granularity }, codebook),
        scaling: onGrid ? 'fixed' : scaling,
      }),
    );
  }
  return all;
}

/** The integers that quantization-aware training found, ready for the writer. */
export function quantizeTrained({ network, constraints, ranges }: OptimizedModel): QuantizedNetwork {
  return quantizeNetwork({ network, constraints, ranges: ranges ?? new Map() });
}
