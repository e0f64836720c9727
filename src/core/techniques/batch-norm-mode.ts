import { spreadSample } from '../data/spread-sample.ts';
import type { Network } from '../network/network.ts';
import type { BatchNormMode } from '../train/fine-tuning.ts';
import { errorsShown, isMuchWorse, networkError } from './network-error.ts';
import { reestimateBatchNorms } from './reestimate-batch-norms.ts';
import type { TechniqueContext } from './technique.ts';

const examples = 512;
/** For the statistics, whose layers are measured one after the other. */
const statisticsExamples = 256;
/** Largest increase of a classifier's error rate that statistics of these data may cause, as a share of the examples. */
const acceptedLoss = 0.05;
/** The same for regression, as a factor of the mean squared error. */
const acceptedRatio = 1.5;

/**
 * Whether a stage may use batch-norm statistics of these data. The data may differ from those that the model was trained
 * on, in origin or in the mixture of classes: where their statistics make the model much worse, it keeps and trains with
 * its own. MLPerf Tiny's keyword spotting model falls from 92.0% to 75.6% of 450 such examples.
 *
 * @param network as the stage begins with it, its weights projected
 */
export async function chooseBatchNormMode(
  network: Network,
  context: TechniqueContext,
  { batchNorm }: { readonly batchNorm?: BatchNormMode },
): Promise<BatchNormMode> {
  const { train } = context.data;
  if (batchNorm !== undefined) return batchNorm;
  if (train.size === 0 || !network.operations.some(({ kind }) => kind === 'batchNorm')) return 'training';
  const sample = spreadSample(train, examples);
  const own = await networkError(sample, { network }, context);
  const measured = await networkError(sample, { network: await reestimateBatchNorms(network, context, statisticsExamples) }, context);
  if (!isMuchWorse(own, measured, train, acceptedLoss, acceptedRatio - 1)) return 'training';
  context.warn(
    `batch-norm statistics of these data take the network ${errorsShown(own, measured, sample, 'training')}, so it trains with those it has; ` +
      'check that "preprocessing" is that of the training, or set "batchNorm": "training" to measure them on these data all the same',
  );
  return 'frozen';
}

/** The network with batch-norm statistics re-estimated for its present weights; unchanged where the mode is `frozen`. */
export function updateBatchNorms(network: Network, context: TechniqueContext, mode: BatchNormMode): Promise<Network> {
  return mode === 'frozen' ? Promise.resolve(network) : reestimateBatchNorms(network, context);
}
