import { formatPercent } from '../../shared/drawing/format.ts';
import type { DataSet } from '../data/dataset.ts';
import { evaluateNetwork, type NetworkEvaluation } from '../measure/evaluate-network.ts';
import type { TechniqueContext } from './technique.ts';

/** The error rate, or the mean squared error. */
export async function networkError(
  data: DataSet,
  { network, activations }: Pick<NetworkEvaluation, 'network' | 'activations'>,
  { engine, signal }: Pick<TechniqueContext, 'engine' | 'signal'>,
): Promise<number> {
  const { top1, meanSquaredError = 0 } = await evaluateNetwork({
    engine,
    network,
    data,
    signal,
    activations,
  });
  return top1 === undefined ? meanSquaredError : 1 - top1;
}

/** `from 82.3% to 81.8% on 2000 validation examples`, or with mean squared errors. */
export function errorsShown(before: number, after: number, { size, target }: DataSet, split: 'training' | 'validation'): string {
  const shown = (error: number): string => (target.kind === 'classes' ? formatPercent(1 - error, 1) : error.toPrecision(4));
  return `from ${shown(before)} to ${shown(after)} on ${size} ${split} examples`;
}
