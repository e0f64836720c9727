import { formatPercent } from '../../shared/drawing/format.ts';
import { evaluateNetwork, type NetworkEvaluation } from '../measure/evaluate-network.ts';
import type { TechniqueContext } from './technique.ts';

/** The share of wrong answers on the validation examples, or the mean squared error. */
export async function validationError(
  { network, activations }: Pick<NetworkEvaluation, 'network' | 'activations'>,
  { engine, data, signal }: TechniqueContext,
): Promise<number> {
  const { top1, meanSquaredError = 0 } = await evaluateNetwork({
    engine,
    network,
    data: data.validation,
    signal,
    ...(activations === undefined ? {} : { activations }),
  });
  return top1 === undefined ? meanSquaredError : 1 - top1;
}

/** `from 82.3% to 81.8% on 2,000 validation examples`, or with mean squared errors. */
export function errorsShown(before: number, after: number, { data: { validation } }: TechniqueContext): string {
  const shown = (error: number): string => (validation.target.kind === 'classes' ? formatPercent(1 - error, 1) : error.toPrecision(4));
  return `from ${shown(before)} to ${shown(after)} on ${validation.size} validation examples`;
}
