import type { OperatorOptions } from '../schema/operator-options.ts';
import type { BuiltinOperator } from '../schema/builtin-operators.ts';
import type { TensorType } from '../schema/tensor-types.ts';
import type { Quantization, Sparsity, Subgraph, TfliteOperator, TfliteTensor } from '../tflite-model.ts';
import { operatorVersion } from './operator-version.ts';

/** What a tensor holds, apart from its place in the graph. */
export interface TensorEncoding {
  readonly type: TensorType;
  readonly quantization: Quantization | undefined;
}

/** A tensor to add; with data it is a constant, little-endian and row-major. */
export interface NewTensor extends TensorEncoding {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data?: Uint8Array;
  /** Of a constant: which of its elements `data` holds. */
  readonly sparsity?: Sparsity;
}

/** A float tensor. */
export const float32: TensorEncoding = { type: 'float32', quantization: undefined };

/** Collects the tensors and operators of one subgraph. */
export class GraphBuilder {
  readonly #tensors: TfliteTensor[] = [];
  readonly #operators: TfliteOperator[] = [];
  readonly #names = new Set<string>();

  /** Adds a tensor and returns its index; a name that is taken gets a number. */
  tensor({ name, shape, type, quantization, data, sparsity }: NewTensor): number {
    let unique = name;
    for (let i = 1; this.#names.has(unique); i++) unique = `${name}_${i}`;
    this.#names.add(unique);
    return (
      this.#tensors.push({
        name: unique,
        shape,
        shapeSignature: undefined,
        type,
        quantization,
        sparsity,
        isVariable: false,
        data,
      }) - 1
    );
  }

  tensorAt(index: number): TfliteTensor {
    const tensor = this.#tensors[index];
    if (tensor === undefined) throw new RangeError(`tensor ${index} of ${this.#tensors.length}`);
    return tensor;
  }

  /** Whole numbers that an operator takes as a tensor: axes, paddings, shapes. */
  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]): number {
    return this.tensor({ name, shape, type: 'int32', quantization: undefined, data: bytesOf(Int32Array.from(values)) });
  }

  operator(name: BuiltinOperator, inputs: readonly number[], output: number, options: OperatorOptions = {}): void {
    const version = operatorVersion(
      name,
      inputs.map((index) => (index < 0 ? undefined : this.tensorAt(index))),
      this.tensorAt(output),
      options,
    );
    this.#operators.push({ name, isCustom: false, version, inputs, outputs: [output], options, customOptions: undefined });
  }

  build(name: string, inputs: readonly number[], outputs: readonly number[]): Subgraph {
    return { name, tensors: this.#tensors, operators: this.#operators, inputs, outputs };
  }
}

/** The bytes of a typed array, as they are in memory (little-endian). */
export function bytesOf(values: Float32Array | Int32Array | Int16Array | Int8Array | Uint16Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
