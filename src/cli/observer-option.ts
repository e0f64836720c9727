import { InvalidArgumentError } from 'commander';
import type { ObserverChoice } from '../shared/recipe/quantization-options.ts';

/** About ten batches are remembered: fewer than calibration has. */
const usualMomentum = 0.9;
const usualPercentile = 99.99;
/** As in a recipe: less is a fraction that was meant to be percent. */
const leastPercentile = 50;

/** `minmax`, `squared-error`, `moving-average` or `moving-average=0.9`, `percentile` or `percentile=99.99`. */
export function observerChoice(text: string): ObserverChoice {
  const [kind, given, ...rest] = text.split('=');
  const value = given === undefined ? undefined : given.trim() === '' ? NaN : Number(given);
  if (rest.length === 0) {
    switch (kind) {
      case 'minmax':
        if (value === undefined) return { kind: 'minMax' };
        break;
      case 'squared-error':
        if (value === undefined) return { kind: 'squaredError' };
        break;
      case 'moving-average': {
        const momentum = value ?? usualMomentum;
        if (momentum >= 0 && momentum < 1) return { kind: 'movingAverage', momentum };
        throw new InvalidArgumentError('Give a momentum from 0 to below 1, such as moving-average=0.9.');
      }
      case 'percentile': {
        const percentile = value ?? usualPercentile;
        if (percentile >= leastPercentile && percentile <= 100) return { kind: 'percentile', percentile };
        throw new InvalidArgumentError('Give a part from 50 to 100 percent, such as percentile=99.99.');
      }
    }
  }
  throw new InvalidArgumentError('Give minmax, squared-error, moving-average, moving-average=MOMENTUM, percentile or percentile=PERCENT.');
}
