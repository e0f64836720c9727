import type { Program } from '../program/program.ts';

/** Elements of a tensor, row-major: float32, int32, or bool as bytes of 0 and 1. */
export type TensorData = Float32Array | Int32Array | Uint8Array;
/** Tensors by the names that the program gives its inputs and outputs. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** Runs programs. A process has one engine; programs compiled by it are independent of each other. */
export interface Engine {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web' | 'tfjs';
  /** With versions and provider, for run folders and reports: `onnxruntime-node 1.30.0 (cpu, 2 threads)`. */
  readonly description: string;
  readonly threads: number;
  /** @throws EspalierError `engine` when the engine cannot prepare the program */
  compile(program: Program): Promise<CompiledProgram>;
}

/** A program that is ready to run, with its constants and its memory. */
export interface CompiledProgram {
  /**
   * One run. Inputs are not kept. There are two sets of output arrays, used in turns, so that the state that a training
   * step returns can be the input of the next step: copy what must outlive the next run.
   *
   * @throws RangeError for an input that is missing or has the wrong number of elements
   */
  run(inputs: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}
