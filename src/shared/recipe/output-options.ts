import type { QualityId } from '../results.ts';

/** What one output of the model learns, and how well it does so. */
export interface OutputOptions {
  /**
   * What training makes small. `crossEntropy`: one class, of an example or of each pixel. `binaryCrossEntropy`: yes or no for
   * each class. `meanSquaredError` and `meanAbsoluteError`: numbers. `distillation`: the trained model's own output, labels or not. `none`: the output
   * is neither trained nor measured. Without it: by the labels; without labels `distillation`.
   */
  readonly loss?: OutputLossName;
  /**
   * How well the output does. `accuracy` is top-1. `mIoU`: mean intersection over union of segmentation. `mAP`: mean
   * average precision of several labels. `MSE`, `MAE`, `R2`: of numbers. `cosine`, `SQNR`: agreement with the trained model.
   * `rocAuc`: of two classes, or of an autoencoder's anomalies. Without it: by the labels.
   */
  readonly measure?: QualityId;
  /**
   * Of its loss in the sum over the outputs.
   * @default 1
   * @minimum 0
   */
  readonly weight?: number;
}

export type OutputLossName = 'crossEntropy' | 'binaryCrossEntropy' | 'meanSquaredError' | 'meanAbsoluteError' | 'distillation' | 'none';

/** By the output's name, as `espalier inspect` prints it. */
export type OutputsByName = Readonly<Record<string, OutputOptions>>;
