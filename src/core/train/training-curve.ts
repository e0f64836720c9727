import type { CurvePoint } from '../../shared/results.ts';
import type { StepResult } from './training-steps.ts';
import type { PendingPoint } from './training-state.ts';

/** Points of a curve; a chart shows no more. */
const points = 200;

/** Means of loss and accuracy over equal stretches of the training. */
export class TrainingCurve {
  readonly #every: number;
  readonly #steps: number;
  #points: CurvePoint[];
  #pending: PendingPoint;

  constructor(steps: number, resumed?: { readonly curve: readonly CurvePoint[]; readonly pending: PendingPoint }) {
    this.#steps = steps;
    this.#every = Math.max(1, Math.ceil(steps / points));
    this.#points = [...(resumed?.curve ?? [])];
    this.#pending = resumed?.pending ?? { loss: 0, correct: 0, examples: 0 };
  }

  get points(): readonly CurvePoint[] {
    return [...this.#points];
  }

  get pending(): PendingPoint {
    return this.#pending;
  }

  add(step: number, examples: number, result: StepResult): void {
    const { loss, correct } = this.#pending;
    const sums = {
      loss: loss + result.loss * examples,
      correct: correct + (result.correct ?? 0),
      examples: this.#pending.examples + examples,
    };
    const due = step % this.#every === 0 || step === this.#steps;
    this.#pending = due ? { loss: 0, correct: 0, examples: 0 } : sums;
    if (due)
      this.#points.push({
        step,
        loss: sums.loss / sums.examples,
        accuracy: result.correct === undefined ? undefined : sums.correct / sums.examples,
      });
  }
}
