import { EspalierError } from '../errors.ts';

/** Steps over which the loss is averaged: one bad batch is not divergence. */
const window = 20;
/** The loss counts as diverged above this multiple of the loss of a model that has learned nothing. */
const explosion = 100;

/** Detects diverging training before more time is spent on it. */
export class DivergenceDetector {
  readonly #reference: number;
  #start: number | undefined;
  #average: number | undefined;

  /** @param chanceLoss the loss of a model that has learned nothing */
  constructor(chanceLoss: number) {
    this.#reference = Math.max(chanceLoss, 1e-6);
  }

  /** @throws EspalierError `diverged` when the loss is not a number or has exploded */
  check(loss: number, step: number, learningRate: number): void {
    if (Number.isFinite(loss)) {
      // The initial loss may be above chance (a freshly pruned network), so the larger of the two is the reference.
      this.#average = this.#average === undefined ? loss : this.#average + (loss - this.#average) / window;
      this.#start ??= loss;
      if (this.#average <= explosion * Math.max(this.#reference, this.#start)) return;
    }
    throw new EspalierError(
      'diverged',
      `training diverged at step ${step}: the loss is ${Number.isFinite(loss) ? loss.toPrecision(3) : 'not a number'}`,
      {
        fix: `lower "learningRate" (it was ${learningRate.toPrecision(3)}), or set "gradientClipNorm"`,
      },
    );
  }
}
