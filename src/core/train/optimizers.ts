import { unreachable } from '../errors.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { LearningRateSchedule, Optimizer } from './fine-tuning.ts';

/** Names of the moments that an optimizer keeps for every number it trains. */
export function momentNames(optimizer: Optimizer): readonly string[] {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum === 0 ? [] : ['velocity'];
    case 'adam':
    case 'adamW':
      return ['first moment', 'second moment'];
    default:
      return unreachable(optimizer);
  }
}

/** The two numbers that change from step to step: inputs of the program, so that one program serves all steps. */
export interface StepSizes {
  /** Multiplies the update. For Adam with its bias correction: `rate * sqrt(1 - beta2^t) / (1 - beta1^t)`. */
  readonly update: number;
  /** Decoupled weight decay: the share of a weight that a step takes away, `rate * weightDecay`. */
  readonly decay: number;
}

/** @param step counts from 1 */
export function stepSizes(optimizer: Optimizer, rate: number, step: number): StepSizes {
  switch (optimizer.kind) {
    case 'sgd':
      return { update: rate, decay: rate * (optimizer.weightDecay ?? 0) };
    case 'adam':
    case 'adamW': {
      const update = (rate * Math.sqrt(1 - optimizer.beta2 ** step)) / (1 - optimizer.beta1 ** step);
      return { update, decay: optimizer.kind === 'adamW' ? rate * optimizer.weightDecay : 0 };
    }
    default:
      return unreachable(optimizer);
  }
}

export interface Update {
  /** What to subtract from the weight. */
  readonly difference: Tensor;
  readonly moments: readonly Tensor[];
}

/** One step for tensors of any one shape; moments as `momentNames` lists them. */
export function optimizerUpdate(
  builder: ProgramBuilder,
  optimizer: Optimizer,
  gradient: Tensor,
  moments: readonly Tensor[],
  update: Tensor,
): Update {
  switch (optimizer.kind) {
    case 'sgd':
      return sgd(builder, optimizer, gradient, moments, update);
    case 'adam':
    case 'adamW':
      return adam(builder, optimizer, gradient, moments, update);
    default:
      return unreachable(optimizer);
  }
}

/** `v = momentum v + rate g`, `w = w - v`; with Nesterov's momentum `w = w - (momentum v + rate g)`. Sutskever et al. 2013. */
function sgd(
  builder: ProgramBuilder,
  { momentum, nesterov }: Extract<Optimizer, { kind: 'sgd' }>,
  gradient: Tensor,
  [velocity]: readonly Tensor[],
  update: Tensor,
): Update {
  const scaled = builder.mul(gradient, update);
  if (velocity === undefined) return { difference: scaled, moments: [] };
  const moved = builder.add(builder.mul(velocity, momentum), scaled);
  return { difference: nesterov ? builder.add(builder.mul(moved, momentum), scaled) : moved, moments: [moved] };
}

/**
 * Adam, with the bias correction in the step size a (see `StepSizes`):
 *
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2,   w = w - a m / (sqrt(v) + epsilon)
 *
 * Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 and the end of section 2. AdamW's decay is apart (Loshchilov & Hutter
 * 2019, arXiv:1711.05101).
 */
function adam(
  builder: ProgramBuilder,
  { beta1, beta2, epsilon }: Extract<Optimizer, { kind: 'adam' | 'adamW' }>,
  gradient: Tensor,
  [first, second]: readonly Tensor[],
  update: Tensor,
): Update {
  if (first === undefined || second === undefined) throw new Error('Adam needs two moments');
  const m = builder.add(builder.mul(first, beta1), builder.mul(gradient, 1 - beta1));
  const v = builder.add(builder.mul(second, beta2), builder.mul(builder.square(gradient), 1 - beta2));
  return { difference: builder.div(builder.mul(m, update), builder.add(builder.sqrt(v), epsilon)), moments: [m, v] };
}

/** Gradients times `min(1, limit / |g|)`, with |g| the Euclidean norm of all of them together. Pascanu et al. 2013, arXiv:1211.5063. */
export function clipByGlobalNorm(builder: ProgramBuilder, gradients: readonly Tensor[], limit: number): Tensor[] {
  const squares = gradients.map((gradient) => builder.sum(builder.square(gradient)));
  const norm = builder.sqrt(squares.reduce((total, square) => builder.add(total, square)));
  const factor = builder.div(limit, builder.max(norm, limit));
  return gradients.map((gradient) => builder.mul(gradient, factor));
}

/** The same course of the learning rate from another one at the start. */
export function withRate(schedule: LearningRateSchedule, rate: number): LearningRateSchedule {
  return schedule.kind === 'cosine' ? { ...schedule, rate, finalRate: (schedule.finalRate * rate) / schedule.rate } : { ...schedule, rate };
}

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
