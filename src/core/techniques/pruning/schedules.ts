/**
 * When and how far to prune. Zhu & Gupta 2017, arXiv:1710.01878, equation 1; the step rule is the guide's.
 */
import { defaultSchedule } from '../../../shared/recipe/defaults.ts';
import type { PruningScheduleOptions } from '../../../shared/recipe/pruning-options.ts';
import { EspalierError, unreachable } from '../../errors.ts';

/** A recipe's schedule with everything that it leaves open, see `completeSchedule`. */
export type PruningSchedule =
  | {
      readonly kind: 'constant';
      /** In [0, 1). */
      readonly sparsity: number;
      readonly begin: number;
      /** Last step at which masks may change; undefined: no end. */
      readonly end: number | undefined;
      readonly frequency: number;
    }
  | {
      readonly kind: 'polynomial';
      readonly initialSparsity: number;
      readonly sparsity: number;
      readonly begin: number;
      readonly end: number;
      /** Exponent of the decay. */
      readonly power: number;
      readonly frequency: number;
    };

/**
 * @param sparsity at the end, of layers that no rule names
 * @throws EspalierError `invalid-recipe` for a polynomial schedule without an end
 */
export function completeSchedule(options: PruningScheduleOptions, sparsity: number): PruningSchedule {
  const { kind, begin, end, frequency, initialSparsity, power } = { ...defaultSchedule, ...options };
  switch (kind) {
    case 'constant':
      return { kind, sparsity, begin, end, frequency };
    case 'polynomial':
      if (end === undefined)
        throw new EspalierError('invalid-recipe', 'a polynomial schedule has no end', {
          where: 'techniques.pruning.schedule',
          fix: 'add "end", the step at which the sparsity is reached',
        });
      return { kind, initialSparsity, sparsity, begin, end, frequency, power };
    default:
      return unreachable(kind);
  }
}

/** Whether masks are recomputed at this step. */
export function isPruningStep({ begin, end, frequency }: PruningSchedule, step: number): boolean {
  return step >= begin && (end === undefined || step <= end) && (step - begin) % frequency === 0;
}

/** The sparsity that a schedule reaches at a step, in [0, 1). */
export function sparsityAt(schedule: PruningSchedule, step: number): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.sparsity;
    case 'polynomial': {
      const { initialSparsity, sparsity, begin, end, power } = schedule;
      const progress = end === begin ? 1 : Math.min(1, Math.max(0, (step - begin) / (end - begin)));
      return sparsity + (initialSparsity - sparsity) * (1 - progress) ** power;
    }
    default:
      return unreachable(schedule);
  }
}

/** The share of the final sparsity at a step, by which the sparsities of layers are scaled. */
export function scheduleProgress(schedule: PruningSchedule, step: number): number {
  return schedule.sparsity === 0 ? 1 : sparsityAt(schedule, step) / schedule.sparsity;
}

/** The steps from 1 to `steps` at which masks are recomputed. */
export function pruningSteps(schedule: PruningSchedule, steps: number): readonly number[] {
  return Array.from({ length: steps }, (_, i) => i + 1).filter((step) => isPruningStep(schedule, step));
}

/** @throws EspalierError `invalid-argument` that names the field. */
export function checkSchedule(schedule: PruningSchedule): void {
  checkSparsity(schedule.sparsity, 'sparsity');
  if (schedule.kind === 'polynomial') checkSparsity(schedule.initialSparsity, 'initialSparsity');
  const { begin, end, frequency } = schedule;
  if (!Number.isInteger(frequency) || frequency < 1) invalid(`frequency ${frequency} is not a whole number above 0`);
  if (!Number.isInteger(begin) || begin < 0) invalid(`begin ${begin} is not a step, a whole number of at least 0`);
  if (end !== undefined && (!Number.isInteger(end) || end < begin)) invalid(`end ${end} is not a step at or after begin ${begin}`);
}

/** @throws EspalierError `invalid-argument` where the fraction of weights, or of filters, is outside [0, 1) */
export function checkSparsity(sparsity: number, where: string, of: 'weights' | 'filters' = 'weights'): void {
  if (!(sparsity >= 0 && sparsity < 1)) {
    throw new EspalierError('invalid-argument', `${of === 'filters' ? '"filters"' : 'sparsity'} ${sparsity} is outside [0, 1)`, {
      where,
      fix: `give the fraction of ${of} to remove, such as 0.5`,
    });
  }
}

function invalid(what: string): never {
  throw new EspalierError('invalid-argument', what, { where: 'pruning schedule' });
}
