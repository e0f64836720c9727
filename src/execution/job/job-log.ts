import { appendFileSync } from 'node:fs';
import type { StageHooks } from '../../core/tree/execution/run-stage.ts';
import type { JobEvent, StepMeasurement } from './job-request.ts';

/** Enough to watch a job from afar; each line travels to a shared file system and back. */
const MILLISECONDS_BETWEEN_LINES = 2_000;

/** What a stage says, as lines of the job's file; and how long its training steps take. */
export class JobLog implements Omit<StageHooks, 'signal'> {
  readonly #file: string;
  readonly #about: string;
  readonly #now: () => number;
  #latest = Number.NEGATIVE_INFINITY;
  #phase: string | undefined;
  #first: { readonly step: number; readonly time: number } | undefined;
  #training: StepMeasurement | undefined;

  constructor(file: string, about: string, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#about = about;
    this.#now = now;
  }

  /** Undefined where fewer than two steps were taken. */
  get training(): StepMeasurement | undefined {
    return this.#training;
  }

  readonly onProgress: StageHooks['onProgress'] = (phase, fraction, training) => {
    const now = this.#now();
    if (training !== undefined) {
      this.#first ??= { step: training.step, time: now };
      const steps = training.step - this.#first.step;
      if (steps > 0) this.#training = { steps: training.steps, millisecondsAStep: (now - this.#first.time) / steps };
    }
    if (phase === this.#phase && now - this.#latest < MILLISECONDS_BETWEEN_LINES) return;
    this.#latest = now;
    this.#phase = phase;
    this.#append({ kind: 'progress', phase, fraction, training });
  };

  /** On the job's output. */
  readonly say = (text: string): void => void process.stdout.write(`${this.#about}: ${text}\n`);

  readonly warn = (message: string): void => this.#append({ kind: 'warning', message });

  /** On a full disk what was only worth watching is lost; the result's own writing fails with a message. */
  #append(event: JobEvent): void {
    try {
      appendFileSync(this.#file, `${JSON.stringify(event)}\n`);
    } catch (error) {
      process.stderr.write(`${this.#file}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
