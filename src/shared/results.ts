/** What each node reports. Accuracies are fractions in [0, 1]; sizes are bytes; times are as their names say. */
export interface NodeMetrics {
  /** Float, or fake-quantized int8, on the training engine. */
  readonly simulated: Accuracy | undefined;
  /** From the bytes of the node's .tflite in the embedded runtime (int8 nodes, and float nodes' float .tflite). */
  readonly deployed: Accuracy | undefined;
  readonly sizes: FileSizes | undefined;
  readonly latency: Latency | undefined;
  /** Every kernel, read back from the .tflite where there is one. */
  readonly weights: readonly WeightMetrics[];
  readonly certificate: CertificateVerdict | undefined;
  readonly trainingSeconds: number | undefined;
  readonly curve: readonly CurvePoint[];
  /** Where a test chose the learning rate of the training. */
  readonly rangeTest?: RangeTest | undefined;
  /** What changes the meaning of these figures: accuracy near chance, layers that were shared out otherwise. */
  readonly warnings?: readonly string[] | undefined;
  /** Model of the processor that the stage ran on. */
  readonly processor?: string | undefined;
  /** Missing where the file could not be profiled. */
  readonly hardware?: HardwareFigures | undefined;
}

/** Of a learning-rate range test: how the loss of training examples changes while the rate rises. */
export interface RangeTest {
  /** The one that was chosen, which the training begins with. */
  readonly learningRate: number;
  /** Steps of the test, besides those of the training. */
  readonly steps: number;
  /** Smoothed change of the loss against that of the same examples with the weights of the start. */
  readonly curve: readonly { readonly rate: number; readonly change: number }[];
}

/** What the node's .tflite needs of a microcontroller, from its bytes alone: figures of `HardwareProfile`. */
export interface HardwareFigures {
  /** `cortex-m55+ethos-u55-128`; missing for what holds on every microcontroller. */
  readonly target?: string | undefined;
  /** TFLite Micro's tensor arena; its persistent part is an estimate. */
  readonly ramBytes: number;
  readonly flashBytes: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** Of one inference, an estimate; missing without a target, and for files that compute in float. */
  readonly cycles?: number | undefined;
  /**
   * Kernels, scales and biases as the target's Ethos-U reads them, an estimate; missing where there is none and no target of the
   * recipe limits them, and for files that compute in float.
   */
  readonly ethosUBytes?: number | undefined;
  /** Whether RAM and flash of the chosen board are enough; missing without a board. */
  readonly fitsBoard?: boolean | undefined;
}

/**
 * What says how well a model does its task: `accuracy` is top-1. The row of each is in `shared/qualities.ts`; recipes name
 * them so.
 */
export type QualityId = 'accuracy' | 'mIoU' | 'mAP' | 'rocAuc' | 'MSE' | 'MAE' | 'R2' | 'cosine' | 'SQNR';

/** How well one output does; a figure that its task does not have is undefined. */
export interface QualityFigures {
  /** Top-1 for classifiers, else undefined. */
  readonly top1: number | undefined;
  readonly top5: number | undefined;
  readonly meanSquaredError: number | undefined;
  readonly meanAbsoluteError?: number | undefined;
  /** The part of the variance that is explained, at most 1; the mean over the predicted numbers. */
  readonly rSquared?: number | undefined;
  /** Mean over the classes that occur of intersection over union of positions. */
  readonly meanIoU?: number | undefined;
  /** Share of the positions with the right class. */
  readonly pixelAccuracy?: number | undefined;
  /** Mean over the classes that occur of the average precision. */
  readonly meanAveragePrecision?: number | undefined;
  /** Of the output and the trained model's, the mean over examples; 1 where they are the same but for a factor. */
  readonly cosine?: number | undefined;
  /** Power of the trained model's output over that of the difference, in dB; undefined where there is no difference. */
  readonly sqnr?: number | undefined;
  /**
   * Area under the ROC curve: of two classes by the score of the second, of an autoencoder with labels by its
   * reconstruction error, where every label but 0 is an anomaly.
   */
  readonly rocAuc?: number | undefined;
  /** 95% intervals of figures that are no shares of independent examples, from the examples drawn again (bootstrap). */
  readonly intervals?: Readonly<Partial<Record<QualityId, readonly [number, number]>>> | undefined;
}

/** Of one of several outputs. */
export interface OutputQuality extends QualityFigures {
  readonly name: string;
  readonly measure: QualityId;
}

export interface Accuracy extends QualityFigures {
  /** The measure of the task. Runs of older versions have none: top-1, or without it the mean squared error. */
  readonly measure?: QualityId | undefined;
  /**
   * Of a task with several outputs. The figures beside it are then those of the first output, or where outputs are compared
   * with the trained model's, of the one that differs most.
   */
  readonly outputs?: readonly OutputQuality[] | undefined;
  /** `confusion[label][predicted]` counts examples; classifiers of at most 100 classes. */
  readonly confusion?: readonly (readonly number[])[] | undefined;
  /** Examples measured. */
  readonly samples: number;
  readonly runtime: string;
}

export interface FileSizes {
  readonly raw: number;
  /** As `gzip -9n` gives it: the deflate of zlib, the same on every machine. */
  readonly gzip: number;
  /** One entry in a zip, deflate level 9. */
  readonly zip: number;
  /** zstd -19; missing where only the other sizes were asked for. */
  readonly zstd?: number | undefined;
  /** Brotli, quality 11; missing where only the other sizes were asked for. */
  readonly brotli?: number | undefined;
  /** Packed for TFLite Micro; the plain size where nothing makes it smaller, undefined where it cannot be packed. */
  readonly packed?: number | undefined;
}

export interface Latency {
  readonly medianMilliseconds: number;
  readonly p10Milliseconds: number;
  readonly p90Milliseconds: number;
  readonly runs: number;
  readonly runtime: string;
}

export interface WeightMetrics {
  readonly layer: string;
  readonly tensor: string;
  readonly operation: string;
  /** Type of what its layer reads, where that is int16; missing for int8 and float. */
  readonly activations?: 'int16' | undefined;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly zeros: number;
  readonly uniqueValues: number;
  /** The most in any one output channel. */
  readonly uniqueValuesPerChannel: number;
  /** As it is stored; missing in results of earlier versions. */
  readonly rawBytes?: number | undefined;
  /** By itself, with gzip -9. */
  readonly gzipBytes?: number | undefined;
  /** With its tables, in the file that is packed for TFLite Micro; missing where it stays plain. */
  readonly packedBytes?: number | undefined;
}

export interface CertificateVerdict {
  readonly passed: boolean;
  readonly checks: readonly CertificateCheck[];
}

export interface CertificateCheck {
  readonly layer: string;
  /** `zeros`, `unique values`, `full integer`, `N:M groups`… */
  readonly property: string;
  readonly expected: string;
  readonly found: string;
  readonly passed: boolean;
}

export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number | undefined;
}

/** Histogram of one kernel: on the weight's own axis for float nodes, on the integers -128..127 for int8. */
export interface DensityPlot {
  readonly layer: string;
  readonly axis: 'weight' | 'integer';
  /** Edges of the first and the last bin. */
  readonly minimum: number;
  readonly maximum: number;
  readonly counts: readonly number[];
  readonly zeros: number;
  readonly elements: number;
}
