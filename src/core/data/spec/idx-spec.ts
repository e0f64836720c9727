import type { DataOptions } from './data-options.ts';

/** IDX files, the form of MNIST and Fashion-MNIST; gzip is recognised. With `labelled: false` neither labels nor test images are needed. */
export interface IdxDataSpec extends DataOptions {
  readonly format: 'idx';
  /**
   * Folder with the four files under their usual names, with or without `.gz`.
   * @examples ["mnist"]
   */
  readonly folder?: string;
  /** @examples ["mnist/train-images-idx3-ubyte.gz"] */
  readonly trainImages?: string;
  /** @examples ["mnist/train-labels-idx1-ubyte.gz"] */
  readonly trainLabels?: string;
  /** @examples ["mnist/t10k-images-idx3-ubyte.gz"] */
  readonly testImages?: string;
  /** @examples ["mnist/t10k-labels-idx1-ubyte.gz"] */
  readonly testLabels?: string;
  /** Names of the classes, in the order of their labels. */
  readonly classNames?: readonly string[];
}
