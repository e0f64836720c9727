import { EspalierError } from '../errors.ts';
import type { Averaging, Optimizer } from './fine-tuning.ts';
import { momentNames } from './optimizers.ts';
import type { TrainingSteps } from './training-steps.ts';

const prefix = 'average/';

/**
 * Exponential moving averages of what a training moves: latent weights, what constraints learn, and batch-norm statistics.
 *
 *     average = decay * average + (1 - decay) * value
 *
 * after each step from `fromStep` on, with the values of that step to begin with. Polyak & Juditsky 1992; with this decay
 * Tarvainen & Valpola 2017, arXiv:1703.01780. Constraints are put in force after it: an average of weights on a codebook
 * need not lie on one, so the latent weights are averaged, and projected as the last ones would be.
 */
export class WeightAverages {
  readonly #averaging: Averaging;
  readonly #isMoment: (name: string) => boolean;
  #averages: ReadonlyMap<string, Float32Array> = new Map();

  constructor(averaging: Averaging, optimizer: Optimizer) {
    const moments = momentNames(optimizer).map((moment) => `/${moment}`);
    this.#averaging = averaging;
    this.#isMoment = (name) => moments.some((moment) => name.endsWith(moment));
  }

  /** @param step that `state` is of, from 1 */
  add(state: ReadonlyMap<string, Float32Array>, step: number): void {
    const { decay, fromStep } = this.#averaging;
    if (step < fromStep) return;
    if (this.#averages.size === 0) {
      this.#averages = new Map([...state].filter(([name]) => !this.#isMoment(name)).map(([name, values]) => [name, values.slice()]));
      return;
    }
    for (const [name, average] of this.#averages) {
      const values = state.get(name) ?? average;
      for (let i = 0; i < average.length; i++) average[i] = decay * (average[i] ?? 0) + (1 - decay) * (values[i] ?? 0);
    }
  }

  /** For a checkpoint. */
  copyTensors(): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#averages].map(([name, values]) => [`${prefix}${name}`, values.slice()]));
  }

  /**
   * @param tensors of the checkpoint
   * @param step that it is of
   * @throws EspalierError where it has no averages of this training
   */
  resume(tensors: ReadonlyMap<string, Float32Array>, state: ReadonlyMap<string, Float32Array>, step: number): void {
    if (step < this.#averaging.fromStep) return;
    const found = [...state]
      .filter(([name]) => !this.#isMoment(name))
      .map(([name, { length }]) => {
        const values = tensors.get(`${prefix}${name}`);
        if (values?.length === length) return [name, values.slice()] as const;
        throw new EspalierError(
          'invalid-data',
          `the checkpoint has ${values?.length ?? 0} numbers for the average of "${name}", this training ${length}`,
          {
            fix: 'delete it and train from the start',
          },
        );
      });
    this.#averages = new Map(found);
  }

  /** Does something with the averages in place of the state, which comes back. */
  async inPlace(steps: TrainingSteps, work: () => Promise<void>): Promise<void> {
    const { state } = steps;
    this.take(steps);
    try {
      await work();
    } finally {
      steps.state = state;
    }
  }

  /** Leaves the averages in place of the state; before the first of them nothing changes. */
  take(steps: TrainingSteps): void {
    steps.state = new Map([...steps.state, ...this.#averages]);
  }
}
