/**
 * What a .tflite file needs of a device, as plain data: `core/hardware` computes it from the file's bytes, the command
 * line, the panel and reports show it. Sizes are bytes. Every figure that is not counted from the file says where it
 * comes from.
 */
export const PROFILE_VERSION = 1;

export interface HardwareProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly file: string;
  /** `cortex-m55+ethos-u55-128`; undefined for what holds on every microcontroller. */
  readonly target: string | undefined;
  readonly board: BoardFit | undefined;
  readonly operators: readonly OperatorProfile[];
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly parameters: number;
  readonly ram: RamProfile;
  readonly flash: FlashProfile;
  /** Undefined without a core, or where the file computes in float. */
  readonly cycles: CycleProfile | undefined;
  readonly npu: NpuProfile | undefined;
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
  /** Where it runs; undefined where no target is given. */
  readonly processor: 'cpu' | 'npu' | undefined;
  /** An estimate. */
  readonly cycles: number | undefined;
  /** Why it does not run on the NPU. */
  readonly npuObstacle: string | undefined;
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
  /** What the program must reserve: the head, or what the NPU needs where all runs there, and the persistent part. */
  readonly arenaBytes: number;
  /** The operator that needs most. */
  readonly peakOperator: string;
  /** The head: tensors and scratch buffers as the greedy planner lays them out, were all on the CPU. */
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

/** What must be stored on the device. */
export interface FlashProfile {
  /** The file, and the code that runs it as far as that is known. */
  readonly bytes: number;
  readonly fileBytes: number;
  readonly code: Estimate | undefined;
}

/** Time of one inference, an estimate throughout. */
export interface CycleProfile {
  /** Of CPU and NPU together, which take turns; each in cycles of its own clock. */
  readonly cpu: number;
  readonly npu: number;
  /** At the clock of the board, or of the NPU's default configuration; undefined where no clock is known. */
  readonly milliseconds: number | undefined;
  readonly sources: readonly string[];
}

/** What an Ethos-U NPU makes of the file. */
export interface NpuProfile {
  readonly name: string;
  readonly cycles: number;
  /** Kernels, scales and biases in the NPU's own format. */
  readonly weightBytes: number;
  /** Feature maps and copies of weights that are in SRAM at the same time at most. */
  readonly sramBytes: number;
  readonly clockHertz: number;
  readonly cpuOperators: number;
  /** `estimate`, or the version of the compiler whose figures these are. */
  readonly source: string;
}

/** Whether a file fits a board. */
export interface BoardFit {
  readonly name: string;
  readonly title: string;
  readonly ramBytes: number;
  readonly flashBytes: number;
  readonly fits: boolean;
  readonly shortages: readonly Shortage[];
}

export interface Shortage {
  readonly memory: 'ram' | 'flash';
  readonly missingBytes: number;
  /** The operator that needs most. */
  readonly operator: string | undefined;
}
