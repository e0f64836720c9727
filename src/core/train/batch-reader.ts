import type { Batch } from '../data/dataset.ts';
import type { BatchOrder } from './batch-order.ts';
import { batchCheck } from './check-fine-tuning.ts';
import type { FineTuning } from './fine-tuning.ts';

export type BatchSource = Pick<FineTuning, 'train' | 'network' | 'loss'>;

/** Reads the batch of the next step while the engine works on this one. */
export class BatchReader {
  readonly #options: BatchSource;
  readonly #order: BatchOrder;
  readonly #total: number;
  readonly #check: ReturnType<typeof batchCheck>;
  #ahead: { readonly step: number; readonly batch: Promise<Batch> } | undefined;

  constructor(options: BatchSource, order: BatchOrder, total: number) {
    this.#options = options;
    this.#order = order;
    this.#total = total;
    this.#check = batchCheck(options.train, options.network, options.loss);
  }

  async read(step: number): Promise<Batch> {
    const batch = await (this.#ahead?.step === step ? this.#ahead.batch : this.#start(step));
    if (step < this.#total) {
      const next = this.#start(step + 1);
      // A failure is reported when its step comes, not as an unhandled rejection meanwhile.
      next.catch(() => undefined);
      this.#ahead = { step: step + 1, batch: next };
    }
    return batch;
  }

  async #start(step: number): Promise<Batch> {
    const { train } = this.#options;
    const indices = this.#order.indices(step);
    const batch = await train.read(indices, this.#order.epochOf(step));
    this.#check(batch, indices.length);
    return batch;
  }
}
