import { formatQuality, qualityTable } from '../../shared/qualities.ts';
import type { DataSet } from '../data/dataset.ts';
import type { Target } from '../data/target.ts';
import { boundTargets } from '../data/targets.ts';
import { taskError } from '../scoring/task-error.ts';
import { evaluateNetwork, type NetworkEvaluation } from '../measure/evaluate-network.ts';
import type { TechniqueContext } from './technique.ts';

/** The task's error on examples, lower is better: see `taskError`. */
export async function networkError(
  data: DataSet,
  { network, activations }: Pick<NetworkEvaluation, 'network' | 'activations'>,
  { engine, signal }: Pick<TechniqueContext, 'engine' | 'signal'>,
): Promise<number> {
  return taskError(await evaluateNetwork({ engine, network, data, signal, activations }));
}

/**
 * Whether a larger error is too much larger.
 *
 * @param points accepted, of an error that is a share such as 1 - top-1
 * @param part accepted, of other errors as a part of the smaller one
 */
export function isMuchWorse(before: number, after: number, { target }: DataSet, points: number, part: number): boolean {
  // NaN is worse than any number.
  // A network agrees entirely with the trained model that it is still, of which there is no part.
  const accepted = isShare(target) ? points : isAgreement(target) ? points / 10 + part * before : part * before;
  return !(after - before <= accepted);
}

/** `from 82.3% to 81.8% on 2000 validation examples`, or with errors. */
export function errorsShown(before: number, after: number, { size, target }: DataSet, split: 'training' | 'validation'): string {
  const [only] = boundTargets(target);
  const shown = (error: number): string =>
    only !== undefined && isShare(target) ? formatQuality(only.measure, 1 - error, 1) : error.toPrecision(4);
  return `from ${shown(before)} to ${shown(after)} on ${size} ${split} examples`;
}

function isAgreement(target: Target): boolean {
  return boundTargets(target).every((each) => each.target.kind === 'teacher');
}

/** Whether the error is what is missing to a measure of 1, in points. */
export function isShare(target: Target): boolean {
  const [only, ...others] = boundTargets(target);
  return (
    only !== undefined &&
    others.length === 0 &&
    qualityTable[only.measure].loss === 'difference' &&
    qualityTable[only.measure].unit === 'fraction'
  );
}
