/** What a recipe says of the engine and the measurements. */

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
  /**
   * Execution provider of onnxruntime: `cpu`, `webgpu`, `dml`, `coreml` or `cuda`.
   * @default "cpu"
   */
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
