import type { TrainingProgress } from '../../shared/events.ts';

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
