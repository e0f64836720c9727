import { qualityTable } from '../../shared/qualities.ts';
import type { Accuracy, QualityFigures, QualityId } from '../../shared/results.ts';

/**
 * One number, lower is better, by which a training is judged: of a measure whose best is 1 what is missing to it (the
 * error rate, 1 - mean IoU), of an error the error itself, of an SQNR the root of the error's part of the power. Of several
 * outputs the sum; NaN where the measure is undefined.
 */
export function taskError(accuracy: Accuracy): number {
  if (accuracy.outputs === undefined) return outputError(accuracy.measure ?? 'accuracy', accuracy);
  return accuracy.outputs.reduce((sum, output) => sum + outputError(output.measure, output), 0);
}

function outputError(measure: QualityId, figures: QualityFigures): number {
  const { value, better } = qualityTable[measure];
  const found = value(figures);
  if (measure === 'SQNR') return found === undefined ? 0 : 10 ** (-found / 20);
  if (found === undefined) return NaN;
  return better === 'higher' ? 1 - found : found;
}

/** Of an error rate, sqrt(p (1 - p) / n); 0 of other errors, for which none is known. */
export function standardErrorOf(accuracy: Accuracy): number {
  if (accuracy.outputs !== undefined || (accuracy.measure ?? 'accuracy') !== 'accuracy') return 0;
  const rate = taskError(accuracy);
  return Math.sqrt((rate * (1 - rate)) / accuracy.samples);
}
