import type { Program } from '../program/program.ts';

export type TensorData = Float32Array | Int32Array | Uint8Array;
/** By the names given in the program. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** Runs programs. One engine a process; compiled programs are independent of each other. */
export interface Engine {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web' | 'tfjs';
  /** With versions and provider, for run folders and reports: `onnxruntime-node 1.30.0 (cpu, 2 threads)`. */
  readonly description: string;
  readonly threads: number;
  compile(program: Program): Promise<CompiledProgram>;
}

export interface CompiledProgram {
  /**
   * Inputs are not kept. Outputs belong to the program and are overwritten by the next run but one (they are
   * ping-ponged, so that the state a training step returns can be the next step's input): copy what must last.
   */
  run(inputs: Tensors): Promise<Tensors>;
  dispose(): Promise<void>;
}
