import type { Example } from '../core/data/example-source.ts';
import type { InputSteps } from '../core/data/preprocessing/input-steps.ts';
import type { TensorDetails } from '../core/tflite/runtime.ts';

/** All that the files of a deployment are generated from. */
export interface DeploymentPlan {
  /** Begins every symbol and file: a C identifier. */
  readonly name: string;
  /** The file as the user gave it, without folders. */
  readonly file: string;
  readonly model: Uint8Array;
  /** The kernels are encoded; TFLite Micro decodes them. */
  readonly packed: boolean;
  /** The plain file where the model is packed, else the model: what LiteRT runs. */
  readonly plain: Uint8Array;
  readonly inputs: readonly PlannedInput[];
  readonly outputs: readonly PlannedTensor[];
  /** Classes by the index of the output. */
  readonly labels: readonly string[] | undefined;
  readonly test: TestCase;
}

/** A tensor of the model's interface. */
export interface PlannedTensor {
  readonly details: TensorDetails;
  /** What functions of one of several tensors end with: `_image`; empty where there is one. */
  readonly suffix: string;
  /** Without the batch. */
  readonly elements: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface PlannedInput extends PlannedTensor {
  /** From an example to real numbers; where no data are given, numbers are taken as the model takes them. */
  readonly steps: InputSteps;
}

/** What is needed besides where TFLite Micro runs the model. */
export interface MicroPlan extends DeploymentPlan {
  /** What `MicroMutableOpResolver` registers, each once and sorted: `Conv2D` for `AddConv2D()`. */
  readonly registrations: readonly string[];
  /** Bytes of the tensor arena. */
  readonly arena: {
    /** Tensors and scratch buffers as the planner lays them out, for the kernels that need most. */
    readonly head: number;
    /** An estimate of the runtime's structures on a 32-bit core. */
    readonly persistent: number;
  };
}

/** One example with what comes out of it, computed here. */
export interface TestCase {
  /** One for each input; where no data are given, numbers made from a seed. */
  readonly examples: readonly Example[];
  /** Whether the examples are of the user's data. */
  readonly fromData: boolean;
  /** As the model takes them, little-endian. */
  readonly inputs: readonly Uint8Array[];
  /** Of the runtime below, little-endian. */
  readonly outputs: readonly Uint8Array[];
  readonly runtime: string;
}

/** A file to write, by its path in the folder. */
export interface DeployedFile {
  readonly path: string;
  readonly contents: string | Uint8Array;
}
