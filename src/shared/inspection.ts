/** What `espalier inspect` and the .tflite viewer say about a model; the JSON of `--json`, versioned. */
import type { DensityPlot, FileSizes, WeightMetrics } from './results.ts';

export const INSPECTION_VERSION = 1;

export interface ModelInspection {
  readonly version: typeof INSPECTION_VERSION;
  readonly path: string;
  readonly format: string;
  readonly inputs: readonly InspectedTensor[];
  readonly outputs: readonly InspectedTensor[];
  readonly operations: readonly InspectedOperation[];
  /** Constants and, in a .tflite, every tensor. */
  readonly tensors: readonly InspectedTensor[];
  /** Number of trained numbers. */
  readonly parameters: number;
  readonly weights: readonly WeightMetrics[];
  readonly densities: readonly DensityPlot[];
  readonly sizes: FileSizes | undefined;
  /** No float tensor but a chosen input or output; undefined when the file is not a .tflite. */
  readonly fullInteger: boolean | undefined;
  readonly warnings: readonly string[];
}

export interface InspectedOperation {
  readonly index: number;
  readonly kind: string;
  readonly layer: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of the first output, with the batch where the file fixes one. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  readonly details: string;
}

export interface InspectedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly quantization: InspectedQuantization | undefined;
  /** Constant in the file. */
  readonly constant: boolean;
  readonly sparse: boolean;
}

export interface InspectedQuantization {
  readonly axis: number | undefined;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
}
