/**
 * What a .tflite file needs of a device, as plain data: `core/hardware` computes it from the file's bytes, the command
 * line, the panel and reports show it. Sizes are bytes. Every figure that is not counted from the file says where it
 * comes from.
 */
export const PROFILE_VERSION = 1;

export interface HardwareProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly file: string;
  readonly operators: readonly OperatorProfile[];
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly parameters: number;
  readonly ram: RamProfile;
  readonly warnings: readonly string[];
}

/** One operator of the file, in order of execution. */
export interface OperatorProfile {
  readonly index: number;
  /** `CONV_2D` */
  readonly kind: string;
  /** Name of its first output. */
  readonly name: string;
  /** Multiply-accumulates with weights or between activations; 0 for operators that have none. */
  readonly macs: number;
  /** Trained numbers that it is the first to read. */
  readonly parameters: number;
}

/** Which implementation of the kernels TFLite Micro is built with: its own, or CMSIS-NN by the core's instructions. */
export type KernelLibrary = 'reference' | 'cmsis-nn' | 'cmsis-nn-dsp' | 'cmsis-nn-mve';

/** A figure that is not counted from the file alone. */
export interface Estimate {
  readonly bytes: number;
  readonly source: string;
}

/** TFLite Micro's tensor arena. */
export interface RamProfile {
  readonly kernels: KernelLibrary;
  /** Head and persistent part together: what the program must reserve. */
  readonly arenaBytes: number;
  /** The head: tensors and scratch buffers as the greedy planner lays them out. */
  readonly head: ArenaLayout;
  /** The head without scratch buffers: the same for every implementation of the kernels. */
  readonly tensorBytes: number;
  /** The tail: structures of the runtime and of kernels, variable tensors. */
  readonly persistent: Estimate;
}

export interface ArenaLayout {
  /** Bytes from the lowest to the highest address. */
  readonly bytes: number;
  /** What happens when: the inputs first, then one operator after the other. Buffers name steps by index. */
  readonly steps: readonly ArenaStep[];
  readonly buffers: readonly ArenaBuffer[];
  /** The step that reaches the highest address; of several the one with most bytes in use. */
  readonly peakStep: number;
}

export interface ArenaStep {
  readonly label: string;
  /** Index of the operator in its subgraph; undefined where inputs wait or a subgraph begins. */
  readonly operator: number | undefined;
}

export interface ArenaBuffer {
  readonly name: string;
  /** `decoded` is a kernel unpacked by TFLM_DECODE, `scratch` is asked for by a kernel. */
  readonly kind: 'tensor' | 'decoded' | 'scratch';
  /** As the planner counts it: a multiple of 16. */
  readonly bytes: number;
  readonly offset: number;
  /** First and last step in which it is in use. */
  readonly firstStep: number;
  readonly lastStep: number;
}
