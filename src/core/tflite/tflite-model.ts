/**
 * A .tflite file as data: what `readTflite` gives, what `writeTflite` builds and serializes. Everything refers to
 * tensors by their index in the subgraph, as the format does. Immutable.
 */
import type { ModelInterface, ModelTensor } from '../network/model-interface.ts';
import type { OperatorOptions } from './schema/operator-options.ts';
import type { TensorType } from './schema/tensor-types.ts';

/** A whole file. */
export interface TfliteModel {
  readonly description: string;
  readonly subgraphs: readonly Subgraph[];
  readonly signatures: readonly Signature[];
  readonly metadata: readonly Metadata[];
  /** The file is laid out for the flash of microcontrollers, see `compact-texts.ts`: TFLite Micro runs it, LiteRT does not. */
  readonly isForFlash?: boolean | undefined;
}

/** A graph of operators over tensors; the first one of a file is the model. */
export interface Subgraph {
  readonly name: string;
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** In order of execution. */
  readonly operators: readonly TfliteOperator[];
}

/** A constant, an input, or a computed value. */
export interface TfliteTensor {
  readonly name: string;
  /** With the batch: `[n, h, w, c]`. */
  readonly shape: readonly number[];
  /** The shape with -1 for what is not fixed; undefined when all is. */
  readonly shapeSignature: readonly number[] | undefined;
  readonly type: TensorType;
  readonly quantization: Quantization | undefined;
  readonly sparsity: Sparsity | undefined;
  readonly isVariable: boolean;
  /** Little-endian, row-major; a view into the file. Undefined for what is computed. */
  readonly data: Uint8Array | undefined;
}

/** `real = scale * (integer - zeroPoint)`, per tensor or along an axis. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** The axis that the scales count, where there is more than one. */
  readonly axis: number;
}

/**
 * A tensor stored sparsely, in the TACO format: the dimensions (and those of an inner block) in traversal order, each
 * dense or compressed as in CSR. Kjolstad et al. 2017, "The Tensor Algebra Compiler".
 */
export interface Sparsity {
  readonly traversalOrder: readonly number[];
  /** Which dimension each block dimension divides. */
  readonly blockMap: readonly number[];
  readonly dimensions: readonly SparseDimension[];
}

/**
 * A dimension of a sparse tensor: dense with its length, or compressed: `indices[segments[i] .. segments[i + 1])` are
 * the places of row i that are stored.
 */
export type SparseDimension =
  | { readonly format: 'dense'; readonly size: number }
  | { readonly format: 'csr'; readonly segments: readonly number[]; readonly indices: readonly number[] };

/** One operator with its inputs and outputs. */
export interface TfliteOperator {
  /** `CONV_2D`; the custom operator's own name; `BUILTIN_<code>` when it is newer than this reader. */
  readonly name: string;
  readonly isCustom: boolean;
  readonly version: number;
  /** -1 for an optional input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Named as in `schema/operator-options.ts`; empty where the operator has none or they are not known. */
  readonly options: OperatorOptions;
  /** The file has options for it that are not known here, so it cannot be written again. */
  readonly hasUnknownOptions?: boolean | undefined;
  readonly customOptions: Uint8Array | undefined;
}

/** A named entry point: inputs and outputs of a subgraph under the names that a program uses. */
export interface Signature {
  readonly key: string;
  readonly subgraph: number;
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

/** A tensor of a subgraph and its name in the signature. */
export interface SignatureTensor {
  readonly name: string;
  readonly tensor: number;
}

/** Bytes under a name, such as `min_runtime_version`. */
export interface Metadata {
  readonly name: string;
  readonly data: Uint8Array;
}

/** The number of elements of a shape; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** What a .tflite takes and gives, in the runtime's order, called as in its signature where it has one. */
export function fileInterface({ subgraphs: [graph], signatures }: TfliteModel): ModelInterface {
  const own = signatures.find(({ subgraph }) => subgraph === 0);
  const tensors = (indices: readonly number[], named: readonly SignatureTensor[]): readonly ModelTensor[] =>
    indices.map((index) => {
      const tensor = graph?.tensors[index];
      return { name: named.find((entry) => entry.tensor === index)?.name ?? tensor?.name ?? '', shape: withoutBatch(tensor?.shape ?? []) };
    });
  return { inputs: tensors(graph?.inputs ?? [], own?.inputs ?? []), outputs: tensors(graph?.outputs ?? [], own?.outputs ?? []) };
}

/** A tensor of one axis has none. */
function withoutBatch(shape: readonly number[]): readonly number[] {
  return shape.length > 1 ? shape.slice(1) : shape;
}
