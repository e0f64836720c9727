/** What the core has to know of each kind of operation, apart from how it is computed and written. */
import { EspalierError } from '../../errors.ts';
import type { ParameterId, Shape } from '../network.ts';
import type { Operation } from '../operations.ts';
import { formatShape } from '../shapes/shape.ts';

/** Output parameters that the TFLite 8-bit quantization specification prescribes. */
export type FixedOutput = 'sigmoid' | 'softmax' | 'tanh' | 'logSoftmax' | 'l2Normalize';

/**
 * Scale and zero point of the output of an integer kernel: its own range's; those of its first input, since the kernel
 * only moves numbers; one for all inputs and the output; or prescribed ones.
 */
export type IntegerScale = 'own' | 'asInput' | 'asAllInputs' | FixedOutput;

export interface OperationFacts<O extends Operation> {
  /** How many values it reads; `some` for one or more. */
  readonly inputs: number | 'some';
  /**
   * Kept: each channel (index along the last axis) of the output depends on the same channel of the one input alone, so
   * that a channel can be removed on both sides. Filter pruning leaves mixed channels in place, unless it knows the kind.
   */
  readonly channels: 'kept' | 'mixed';
  /** Whether a positive factor of a channel passes through it. */
  passesScale?(operation: O, shapes: OperationShapes): boolean;
  /** In the order kernel, bias, …. */
  parameters(operation: O): readonly ParameterId[];
  /** Of its output; an `invalid-model` error where inputs or parameters do not fit. */
  shape(operation: O, checks: ShapeChecks): Shape;
  /** What distinguishes it from others of its kind: `3x3, stride 2, same, relu`. */
  details(operation: O, shapes: OperationShapes): string;
  /** Of one example; 0 where it is left out. */
  multiplyAdds?(operation: O, shapes: OperationShapes): number;
  /** Whether it gives its first input unchanged at inference. */
  isIdentity?(operation: O, shapes: OperationShapes): boolean;
  integerScale(operation: O): IntegerScale;
  /**
   * The operation on the unpermuted value, where axis `i` of what it reads is axis `order[i]` of that: permuting after it
   * gives the same as permuting before. Left out, or undefined, where there is none.
   */
  onSource?(operation: O, order: readonly number[], shapes: OperationShapes): Operation | undefined;
}

/** Shapes around one operation of a network. */
export interface OperationShapes {
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  parameter(id: ParameterId): { readonly shape: Shape; readonly data: Float32Array };
}

export interface ShapeContext {
  /** Shapes of the operation's inputs, without the batch. */
  readonly inputs: readonly Shape[];
  readonly parameter: (id: ParameterId) => Shape;
  /** Only reshape needs it: the shape that it is to give. */
  readonly declared: Shape | undefined;
}

/** The inputs and parameters of one operation, with checks whose messages name its layer. */
export class ShapeChecks {
  readonly where: string;
  readonly inputs: readonly Shape[];
  readonly declared: Shape | undefined;
  readonly #parameter: (id: ParameterId) => Shape;

  constructor(layer: string, context: ShapeContext) {
    this.where = `layer "${layer}"`;
    this.inputs = context.inputs;
    this.declared = context.declared;
    this.#parameter = context.parameter;
  }

  /** An arrow, so that it can be taken out of the object. */
  readonly fail = (what: string): never => {
    throw new EspalierError('invalid-model', what, { where: this.where });
  };

  get input(): Shape {
    return this.inputs[0] ?? this.fail('has no input');
  }

  /** `[h, w, c]` */
  image(): readonly [number, number, number] {
    const [h, w, c] = this.input;
    if (this.input.length !== 3 || h === undefined || w === undefined || c === undefined)
      return this.fail(`expects an image [height, width, channels], got ${formatShape(this.input)}`);
    return [h, w, c];
  }

  /** The shape of a parameter; undefined lengths are free. */
  parameter(id: ParameterId, what: string, expected: readonly (number | undefined)[]): Shape {
    const shape = this.#parameter(id);
    if (shape.length !== expected.length || expected.some((length, axis) => length !== undefined && length !== shape[axis])) {
      this.fail(
        `${what} has shape ${formatShape(shape)}, expected [${expected.map((length) => length ?? '?').join(', ')}] for input ${formatShape(this.input)}`,
      );
    }
    return shape;
  }

  anyParameter(id: ParameterId): Shape {
    return this.#parameter(id);
  }

  bias(id: ParameterId | undefined, channels: number): void {
    if (id !== undefined) this.parameter(id, 'bias', [channels]);
  }
}

/** `stride 2`, or `stride 2x1`; nothing for 1. */
export function strideDetails(strides: readonly number[]): readonly string[] {
  return strides.every((n) => n === 1) ? [] : [`stride ${strides[0] === strides[1] ? (strides[0] ?? 1) : strides.join('x')}`];
}
