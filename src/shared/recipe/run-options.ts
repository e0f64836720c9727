/** What a recipe says of single layers, the engine and the measurements. */
import type { WeightBits } from './quantization-options.ts';

/** What single layers do differently. */
export interface LayerRule {
  /**
   * Name of a layer; `*` stands for any characters.
   * @examples ["conv2d_1", "dense*"]
   */
  readonly pattern: string;
  /**
   * @minimum 0
   * @exclusiveMaximum 1
   */
  readonly sparsity?: number;
  /**
   * @asType integer
   * @minimum 2
   */
  readonly clusters?: number;
  /**
   * Bits of the weights in quantized files: 8, or 4 for convolutions (depthwise ones too) and dense layers.
   */
  readonly bits?: WeightBits;
  /** What is not done to these layers. */
  readonly exclude?: readonly ('pruning' | 'clustering' | '4-bit')[];
}

export interface EngineChoice {
  /** @default "auto" */
  readonly name?: 'auto' | 'onnxruntime-node' | 'onnxruntime-web' | 'tfjs';
  /**
   * Threads of each stage. Results are the same bits only for the same number. Without it: what training steps of the
   * models are measured to be fastest with.
   * @asType integer
   * @minimum 1
   */
  readonly threads?: number;
  /**
   * Stages that run at the same time, each in a process of its own. Without it: 1 where `threads` is given, else what is
   * measured to be fastest.
   * @asType integer
   * @minimum 1
   * @maximum 64
   */
  readonly processes?: number;
  /** Execution provider of onnxruntime. */
  readonly provider?: string;
}

export interface MeasureOptions {
  /**
   * Measure latency in LiteRT.
   * @default true
   */
  readonly latency?: boolean;
  /**
   * Use only so many test examples for accuracy.
   * @asType integer
   * @minimum 1
   */
  readonly testSamples?: number;
}
