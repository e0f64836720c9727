/** The interface that every kind of constraint implements; compositions use only this. */
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { ChannelUnits, Constraint, Granularity } from './constraint.ts';
import type { WeightExpectation } from './expectation.ts';

/** A constraint with what it does. The kernel's shape is the layout of TFLite, such as `[out, kh, kw, in]`. */
export interface ConstraintBehaviour {
  /** The nearest weights that satisfy the constraint; the input stays as it is. */
  project(weights: Float32Array, shape: readonly number[]): Float32Array;
  /**
   * Appends the projection to a training program.
   *
   * @param name of the kernel: the prefix of the names of inputs and trainables
   * @param value `[...shape]`, after the constraints before this one
   * @param maximum what the constraint before says of the largest |w|, see `LoweredConstraint.maximum`
   */
  lower(builder: ProgramBuilder, name: string, value: Tensor, maximum: Tensor | undefined): LoweredConstraint;
  /** The constraint of a kernel whose output channels were multiplied by these factors, as folding a batch norm does. */
  fold(factors: ChannelUnits): Constraint;
  /** The constraint after training. */
  refresh(training: TrainedWeight): Constraint;
  /** What the certificate checks in the file. */
  promise(kernel: FileKernel): Partial<WeightExpectation>;
  /** The few values that the integer grid after it has to represent; undefined where weights stay continuous. */
  readonly levels?: Levels;
}

/**
 * The agreement between a constraint with few values and an integer grid: each value must be the same integer in every
 * channel. A codebook offers it, a grid reads it; neither knows the other.
 */
export interface Levels {
  /**
   * Scales `[1]` or `[channels]` of a grid on which the values lie; undefined where the kernel's own maxima will do.
   *
   * @param shape of the kernel
   * @param limit the largest integer of the grid, 127 or 7
   */
  gridScales(shape: readonly number[], granularity: Granularity, limit: number): Float32Array | undefined;
  /** The values are integers of such a grid already, so its scales must stay. */
  readonly integers: boolean;
}

/** A constraint inside a training program. */
export interface LoweredConstraint {
  /**
   * The projected weight that the forward pass uses; gradients flow straight through to the latent weight and the
   * trainables.
   */
  readonly value: Tensor;
  readonly trainables?: readonly Trainable[];
  readonly stepInputs?: readonly StepInput[];
  /** Largest |w| that it allows, broadcastable to the kernel; undefined where that depends on the weights. */
  readonly maximum?: Tensor | undefined;
}

/** Learned besides the latent weight: the centroids of a codebook, a step size. */
export interface Trainable {
  readonly name: string;
  readonly tensor: Tensor;
  readonly initial: Float32Array;
  /** Multiplies the learning rate. */
  readonly learningRateFactor: number;
  /** Whether its values have the size of weights, so that the factor of the kernel's steps applies to it. */
  readonly sharesKernelStepFactor: boolean;
}

/** An input that the training loop supplies and may change between steps: a mask. */
export interface StepInput {
  readonly name: string;
  readonly tensor: Tensor;
  readonly initial: Float32Array;
}

/** A kernel after training, as a constraint sees it. */
export interface TrainedWeight {
  /** Name of the kernel, as given to `lower`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Values of the trainables by name, of this kernel or of all. */
  readonly trained: ReadonlyMap<string, Float32Array>;
  /** The latent weights projected through the refreshed constraints before this one. */
  projected(): Float32Array;
  /** Of the refreshed constraints before this one. */
  readonly levels: Levels | undefined;
}

/** A kernel in a file. */
export interface FileKernel {
  /** Whether the file holds integers rather than floats. */
  readonly integer: boolean;
  /** Of the integers' scales. */
  readonly granularity: Granularity;
}
