/**
 * The network: a static graph in TFLite's vocabulary and layouts. Importers produce it, passes rewrite it, training
 * lowers it to a program, the writer turns it into a .tflite.
 *
 * Shapes of values leave the batch out: an image is `[h, w, c]`, a feature vector `[c]`. Axes count from the first
 * dimension after the batch. Everything here is immutable: a pass returns a new network.
 */
import type { ActivationType } from '../../shared/recipe/layer-rule.ts';
import type { Operation } from './operations.ts';
import type { ParameterId, Shape, ValueId } from './values.ts';

export type { ParameterId, Shape, ValueId };

export interface Parameter {
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float32Array;
}

export interface Value {
  readonly shape: Shape;
  /** Type of its codes in an integer file; undefined: that of the file. See `mixActivations`. */
  readonly type?: ActivationType | undefined;
}

export interface Network {
  readonly name: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** Shape of every value: inputs and the output of each operation. */
  readonly values: ReadonlyMap<ValueId, Value>;
  /** In topological order. */
  readonly operations: readonly Operation[];
  /** Shared layers are operations that name the same parameters. */
  readonly parameters: ReadonlyMap<ParameterId, Parameter>;
}
