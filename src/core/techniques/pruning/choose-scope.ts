import { formatPercent } from '../../../shared/drawing/format.ts';
import { boundTargets } from '../../data/targets.ts';
import { qualityTable } from '../../../shared/qualities.ts';
import { taskError } from '../../scoring/task-error.ts';
import { isShare } from '../network-error.ts';
import { spreadSample } from '../../data/spread-sample.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import { evaluateNetwork } from '../../measure/evaluate-network.ts';
import type { SelectedKernel } from '../layer-rules.ts';
import { reestimateBatchNorms } from '../reestimate-batch-norms.ts';
import type { TechniqueContext } from '../technique.ts';
import { type InputDeviations, pruningMasks, withMaskedWeights } from './mask-schedule.ts';
import type { WeightScope } from './pruning-structure.ts';

/** Enough examples to distinguish a loss of a point or two from a collapse. */
const examples = 512;
/** For batch-norm statistics, whose layers are measured one after the other. */
const statisticsExamples = 256;
/** Points of top-1, or of another share, that pruning every layer alike may cost before any training. */
const acceptedLoss = 0.1;

/**
 * How zeros are distributed over the layers when the recipe does not say: the same share of every layer, unless that
 * breaks the network. Small layers (the first convolution, 1x1 shortcuts) break it, and fine-tuning does not repair
 * them. Measured on training examples before any training, with batch-norm statistics of the pruned weights. Only
 * tasks whose measure is a share (top-1, mean IoU, mAP) are measured; layers with their own sparsity keep it.
 */
export async function chooseScope(
  network: Network,
  kernels: readonly SelectedKernel<'sparsity'>[],
  context: TechniqueContext,
  deviations?: InputDeviations,
): Promise<WeightScope> {
  const { engine, data, signal } = context;
  const sparsities = new Set(kernels.map(({ settings }) => settings.sparsity));
  if (!isShare(data.train.target) || sparsities.size > 1 || data.train.size === 0) return 'layer';
  const sample = spreadSample(data.train, examples);
  const error = async (candidate: Network): Promise<number> =>
    taskError(await evaluateNetwork({ engine, network: candidate, data: sample, batchSize: 64, signal }));
  const whole = await error(network);
  const pruned = await error(await reestimateBatchNorms(withEveryLayerPruned(network, kernels, deviations), context, statisticsExamples));
  if (pruned - whole <= acceptedLoss) return 'layer';
  const [bound] = boundTargets(data.train.target);
  const shown = (of: number): string => formatPercent(1 - of, 1);
  const [sparsity = 0] = sparsities;
  context.warn(
    `pruning ${formatPercent(sparsity, 1)} of every layer alike takes ${qualityTable[bound?.measure ?? 'accuracy'].title} from ${shown(whole)} to ${shown(pruned)} of ${sample.size} training examples before fine-tuning; ` +
      'the zeros are shared out by layer-adaptive magnitude instead; set "structure" to "unstructured" to prune all layers alike',
  );
  return 'adaptive';
}

function withEveryLayerPruned(
  network: Network,
  kernels: readonly SelectedKernel<'sparsity'>[],
  deviations: InputDeviations | undefined,
): Network {
  const weights = new Map<ParameterId, Float32Array>(kernels.map(({ parameter, data }) => [parameter, data]));
  return withMaskedWeights(network, pruningMasks(kernels, weights, { kind: 'weights', scope: 'layer' }, 1, deviations));
}
