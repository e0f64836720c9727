import type { DataOptions, TestFraction } from './data-options.ts';

/** CIFAR's binary batches: records of a label and 32x32 pixels, colour plane by colour plane; gzip is recognised. */
export interface CifarBinaryDataSpec extends DataOptions, TestFraction {
  readonly format: 'cifar-binary';
  /**
   * Folder or .tar.gz with `data_batch_*.bin` and `test_batch.bin` (CIFAR-100: `train.bin` and `test.bin`).
   * @examples ["cifar-10-batches-bin"]
   */
  readonly folder?: string;
  /** Training batches, when they have other names. */
  readonly train?: readonly string[];
  /** Test batches; without them a fraction of the training examples is the test set. */
  readonly test?: readonly string[];
  /**
   * CIFAR-100 has two labels a record, of which the fine one is used.
   * @default "cifar-10"
   */
  readonly variant?: 'cifar-10' | 'cifar-100';
}
