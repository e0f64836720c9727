import { rangeTestSteps } from '../../shared/recipe/defaults.ts';
import type { RangeTest } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';
import type { BatchOrder } from './batch-order.ts';
import { BatchReader } from './batch-reader.ts';
import type { FineTuning } from './fine-tuning.ts';
import { stepSizes } from './optimizers.ts';
import { copyTensors, writeTensors } from './training-snapshot.ts';
import type { TrainingSteps } from './training-steps.ts';

const [lowestRate, highestRate] = [1e-5, 1e-1];
const passSteps = rangeTestSteps / 2;
/** Steps on either side of one that its smoothed value is the mean of. */
const neighbours = 2;
/** The rate whose step ends lowest is too high to go on with: it is where progress ends. */
const safety = 10;

/**
 * Finds a learning rate by a range test (Smith 2017, arXiv:1506.01186, section 3.3): steps of the training with a rate that
 * rises from one to the next by the same factor. The chosen rate is a tenth of that at which the loss, smoothed over five
 * steps, is lowest; loss is the one of the training. Batches differ more than a step changes, so the loss of each is
 * compared with what the weights of the start give for the same batch: a first pass with a rate of 0. The test ends early
 * where the loss has risen by that of a guess.
 *
 * Weights, moments, statistics and ranges are those of the start again afterwards.
 *
 * @param chance loss of a model that has learned nothing
 */
export async function testRates(
  steps: TrainingSteps,
  options: Pick<FineTuning, 'train' | 'network' | 'loss' | 'optimizer' | 'signal'>,
  order: BatchOrder,
  chance: number,
  onProgress: (fraction: number) => void,
): Promise<RangeTest> {
  const start = copyTensors(steps);
  let done = 0;
  const run = async (reader: BatchReader, step: number, rate: number): Promise<number> => {
    if (options.signal.aborted) throw new EspalierError('cancelled', 'the test of learning rates was cancelled');
    const { loss } = await steps.run(await reader.read(step), step, stepSizes(options.optimizer, rate, step));
    onProgress(++done / (2 * passSteps));
    return loss;
  };
  const unmoved: number[] = [];
  const standing = new BatchReader(options, order, passSteps);
  for (let step = 1; step <= passSteps; step++) unmoved.push(await run(standing, step, 0));
  writeTensors(steps, start);
  const changes: number[] = [];
  const rising = new BatchReader(options, order, passSteps);
  for (let step = 1; step <= passSteps; step++) {
    const change = (await run(rising, step, rateOf(step))) - (unmoved[step - 1] ?? 0);
    if (!Number.isFinite(change)) break;
    changes.push(change);
    if (change > chance) break;
  }
  writeTensors(steps, start);
  return { ...chooseRate(changes), steps: done };
}

/** @param step from 1 */
function rateOf(step: number): number {
  return lowestRate * (highestRate / lowestRate) ** ((step - 1) / (passSteps - 1));
}

/**
 * A tenth of the rate with the lowest smoothed change, and at the least the lowest rate.
 *
 * @param changes of the loss before each step; the first is before any rate has acted
 */
export function chooseRate(changes: readonly number[]): Pick<RangeTest, 'learningRate' | 'curve'> {
  // What a rate does shows before the next step.
  const curve = changes.slice(1).map((_, index) => {
    const near = changes.slice(Math.max(index + 1 - neighbours, 0), index + 2 + neighbours);
    return { rate: rateOf(index + 1), change: near.reduce((sum, each) => sum + each, 0) / near.length };
  });
  const best = curve.reduce((lowest, point) => (point.change < lowest.change ? point : lowest), { rate: lowestRate, change: 0 });
  return { learningRate: Math.max(best.rate / safety, lowestRate), curve };
}
