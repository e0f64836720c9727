import { unreachable } from '../errors.ts';
import type { LearningRateSchedule } from './fine-tuning.ts';

/**
 * The learning rate of a step. It rises linearly over the warm-up. From there it is constant, falls by a factor every
 * so many steps, or falls with a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5):
 *
 *     rate(t) = final + (rate - final) (1 + cos(pi t)) / 2,   t from 0 at the end of the warm-up to 1 at the last step
 *
 * @param step counts from 1
 */
export function learningRate(schedule: LearningRateSchedule, step: number, steps: number): number {
  const warmUp = schedule.warmUpSteps ?? 0;
  if (step <= warmUp) return (schedule.rate * step) / (warmUp + 1);
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'cosine': {
      const progress = Math.min((step - warmUp - 1) / Math.max(steps - warmUp - 1, 1), 1);
      return schedule.finalRate + ((schedule.rate - schedule.finalRate) * (1 + Math.cos(Math.PI * progress))) / 2;
    }
    case 'step':
      return schedule.rate * schedule.factor ** Math.floor((step - warmUp - 1) / schedule.everySteps);
    default:
      return unreachable(schedule);
  }
}
