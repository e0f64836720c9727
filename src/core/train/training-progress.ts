import type { TrainingProgress } from '../../shared/events.ts';
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

/** At most ten events a second. */
const millisecondsBetween = 100;

/** Turns steps into progress events at a bounded rate. */
export class ProgressMeter {
  readonly #steps: number;
  readonly #emit: (progress: TrainingProgress) => void;
  readonly #started = performance.now();
  #lastEvent = -Infinity;
  #examples = 0;
  #done = 0;

  constructor(steps: number, emit: (progress: TrainingProgress) => void) {
    this.#steps = steps;
    this.#emit = emit;
  }

  /** The last step is always reported. */
  step(examples: number, progress: Pick<TrainingProgress, 'step' | 'epoch' | 'loss' | 'accuracy' | 'learningRate'>): void {
    this.#examples += examples;
    this.#done++;
    const now = performance.now();
    if (progress.step < this.#steps && now - this.#lastEvent < millisecondsBetween) return;
    this.#lastEvent = now;
    const seconds = Math.max((now - this.#started) / 1000, 1e-3);
    this.#emit({
      ...progress,
      steps: this.#steps,
      examplesPerSecond: this.#examples / seconds,
      secondsLeft: (this.#steps - progress.step) * (seconds / this.#done),
    });
  }
}
