import type { FineTuning } from './fine-tuning.ts';
import { copyTensors, writeTensors } from './training-snapshot.ts';
import type { TrainingSetup } from './training-program.ts';
import type { BestEpoch } from './training-state.ts';
import type { TrainingSteps } from './training-steps.ts';
import { compileValidation, type Validation } from './validation.ts';

/** Judges epochs on the validation split: keeps the best weights and stops a training that no longer improves. */
export class ValidationWatch {
  best: BestEpoch | undefined;
  stopped = false;
  readonly #options: FineTuning;
  readonly #setup: TrainingSetup;
  /** The last step at which a mask may change: weights from before are less sparse and must not be chosen. */
  readonly masksFinal: number;
  #validation: Validation | undefined;

  constructor(options: FineTuning, setup: TrainingSetup, total: number) {
    this.#options = options;
    this.#setup = setup;
    this.masksFinal = lastDue(options, total);
  }

  resume(best: BestEpoch | undefined): void {
    this.best = best;
  }

  /** Called after the last step of each epoch. */
  async epochEnded(steps: TrainingSteps, step: number): Promise<void> {
    const { validation, restoreBest, earlyStopping, engine, batchSize, train } = this.#options;
    if (
      validation === undefined ||
      validation.size === 0 ||
      step < this.masksFinal ||
      (restoreBest !== true && earlyStopping === undefined)
    )
      return;
    this.#validation ??= await compileValidation(engine, this.#setup, validation, Math.min(batchSize, validation.size));
    const score = await this.#validation.score(steps);
    if (this.#isBetter(score)) {
      this.best = { step, score, tensors: restoreBest === true ? copyTensors(steps) : new Map() };
    } else if (earlyStopping !== undefined && this.best !== undefined) {
      const epochs = (step - this.best.step) / Math.ceil(train.size / batchSize);
      this.stopped = epochs >= earlyStopping.patience;
    }
  }

  /** Without early stopping a tie goes to the later epoch, which has trained longer. */
  #isBetter(score: number): boolean {
    const { earlyStopping } = this.#options;
    if (this.best === undefined) return true;
    return earlyStopping === undefined ? score >= this.best.score : score > this.best.score + earlyStopping.minimumDelta;
  }

  /** Puts the best weights back, if they are wanted. */
  restore(steps: TrainingSteps): void {
    if (this.#options.restoreBest === true && this.best !== undefined) writeTensors(steps, this.best.tensors);
  }

  async dispose(): Promise<void> {
    await this.#validation?.dispose();
  }
}

function lastDue({ maskSchedule }: FineTuning, total: number): number {
  if (maskSchedule === undefined) return 0;
  for (let step = total; step > 0; step--) if (maskSchedule.due(step)) return step;
  return 0;
}
