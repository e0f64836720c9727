import { unreachable } from '../errors.ts';
import type { LearningRateSchedule } from './fine-tuning.ts';

/**
 * The learning rate of a step. The warm-up rises linearly to the rate over its steps; the cosine (Loshchilov & Hutter
 * 2017, arXiv:1608.03983) falls from there to the last step.
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
