import { tensorTypes } from './tensor-types.ts';

/**
 * The option tables of built-in operators as data: one declaration serves reading and writing. Field names and slots
 * follow the public schema of the .tflite format; tables without fields are listed because files name them.
 */
export type OptionValue = number | boolean | string | readonly number[];
/** Options of one operator by the field names of `optionTable`. */
export type OperatorOptions = Readonly<Record<string, OptionValue>>;

/** A field of an option table: its slot, its type, and its value when the file leaves it out. */
export type OptionField = { readonly slot: number } & (
  | { readonly kind: 'int'; readonly default: number }
  | { readonly kind: 'float' }
  | { readonly kind: 'bool'; readonly default: boolean }
  /** A byte whose values have names. */
  | { readonly kind: 'choice'; readonly names: readonly string[] }
  | { readonly kind: 'ints' }
);

/** The fields of one option table. */
export interface OptionTable {
  /** The table's number in the union of built-in options. */
  readonly type: number;
  readonly fields: Readonly<Record<string, OptionField>>;
}

/** Values of the `Padding` enumeration by code. */
export const paddings = ['same', 'valid'] as const;
/** Values of the `ActivationFunctionType` enumeration by code. */
export const fusedActivations = ['none', 'relu', 'reluN1To1', 'relu6', 'tanh', 'signBit'] as const;

const int = (slot: number, value = 0): OptionField => ({ slot, kind: 'int', default: value });
const float = (slot: number): OptionField => ({ slot, kind: 'float' });
const bool = (slot: number, value = false): OptionField => ({ slot, kind: 'bool', default: value });
const ints = (slot: number): OptionField => ({ slot, kind: 'ints' });
const padding = (slot: number): OptionField => ({ slot, kind: 'choice', names: paddings });
const activation = (slot: number): OptionField => ({ slot, kind: 'choice', names: fusedActivations });

const convolution = { padding: padding(0), strideWidth: int(1), strideHeight: int(2) };
const arithmetic = { activation: activation(0), powerOfTwoScaleInt16: bool(1, true) };
const resize = { alignCorners: bool(2), halfPixelCenters: bool(3) };
const none = {};

/** By operator name. */
const optionTables: Readonly<Record<string, OptionTable>> = {
  CONV_2D: { type: 1, fields: { ...convolution, activation: activation(3), dilationWidth: int(4, 1), dilationHeight: int(5, 1) } },
  DEPTHWISE_CONV_2D: {
    type: 2,
    fields: { ...convolution, depthMultiplier: int(3), activation: activation(4), dilationWidth: int(5, 1), dilationHeight: int(6, 1) },
  },
  AVERAGE_POOL_2D: { type: 5, fields: { ...convolution, filterWidth: int(3), filterHeight: int(4), activation: activation(5) } },
  MAX_POOL_2D: { type: 5, fields: { ...convolution, filterWidth: int(3), filterHeight: int(4), activation: activation(5) } },
  L2_POOL_2D: { type: 5, fields: { ...convolution, filterWidth: int(3), filterHeight: int(4), activation: activation(5) } },
  SVDF: { type: 6, fields: { rank: int(0), activation: activation(1), asymmetricQuantizeInputs: bool(2) } },
  FULLY_CONNECTED: {
    type: 8,
    fields: {
      activation: activation(0),
      weightsFormat: { slot: 1, kind: 'choice', names: ['default', 'shuffled4x16Int8'] },
      keepDimensions: bool(2),
      asymmetricQuantizeInputs: bool(3),
    },
  },
  SOFTMAX: { type: 9, fields: { beta: float(0) } },
  CONCATENATION: { type: 10, fields: { axis: int(0), activation: activation(1) } },
  ADD: { type: 11, fields: arithmetic },
  L2_NORMALIZATION: { type: 12, fields: { activation: activation(0) } },
  RESIZE_BILINEAR: { type: 15, fields: resize },
  RESHAPE: { type: 17, fields: { newShape: ints(0) } },
  SPACE_TO_DEPTH: { type: 19, fields: { blockSize: int(0) } },
  MUL: { type: 21, fields: { activation: activation(0) } },
  PAD: { type: 22, fields: none },
  GATHER: { type: 23, fields: { axis: int(0), batchDimensions: int(1) } },
  BATCH_TO_SPACE_ND: { type: 24, fields: none },
  SPACE_TO_BATCH_ND: { type: 25, fields: none },
  TRANSPOSE: { type: 26, fields: none },
  MEAN: { type: 27, fields: { keepDimensions: bool(0) } },
  SUM: { type: 27, fields: { keepDimensions: bool(0) } },
  REDUCE_MAX: { type: 27, fields: { keepDimensions: bool(0) } },
  REDUCE_MIN: { type: 27, fields: { keepDimensions: bool(0) } },
  REDUCE_PROD: { type: 27, fields: { keepDimensions: bool(0) } },
  SUB: { type: 28, fields: arithmetic },
  DIV: { type: 29, fields: { activation: activation(0) } },
  SQUEEZE: { type: 30, fields: { squeezeDimensions: ints(0) } },
  STRIDED_SLICE: {
    type: 32,
    fields: { beginMask: int(0), endMask: int(1), ellipsisMask: int(2), newAxisMask: int(3), shrinkAxisMask: int(4), offset: bool(5) },
  },
  EXP: { type: 33, fields: none },
  SPLIT: { type: 35, fields: { splits: int(0) } },
  LOG_SOFTMAX: { type: 36, fields: none },
  CAST: {
    type: 37,
    fields: { from: { slot: 0, kind: 'choice', names: tensorTypes }, to: { slot: 1, kind: 'choice', names: tensorTypes } },
  },
  DEQUANTIZE: { type: 38, fields: none },
  MAXIMUM: { type: 39, fields: none },
  MINIMUM: { type: 39, fields: none },
  ARG_MAX: { type: 40, fields: none },
  PADV2: { type: 43, fields: none },
  SLICE: { type: 48, fields: none },
  TRANSPOSE_CONV: { type: 49, fields: { ...convolution, activation: activation(3) } },
  TILE: { type: 51, fields: none },
  EXPAND_DIMS: { type: 52, fields: none },
  SHAPE: { type: 55, fields: none },
  PACK: { type: 59, fields: { values: int(0), axis: int(1) } },
  UNPACK: { type: 64, fields: { values: int(0), axis: int(1) } },
  SQUARE: { type: 66, fields: none },
  RESIZE_NEAREST_NEIGHBOR: { type: 74, fields: { alignCorners: bool(0), halfPixelCenters: bool(1) } },
  LEAKY_RELU: { type: 75, fields: { alpha: float(0) } },
  SQUARED_DIFFERENCE: { type: 76, fields: none },
  MIRROR_PAD: { type: 77, fields: { mode: { slot: 0, kind: 'choice', names: ['reflect', 'symmetric'] } } },
  ABS: { type: 78, fields: none },
  SPLIT_V: { type: 79, fields: { splits: int(0) } },
  QUANTIZE: { type: 89, fields: none },
  HARD_SWISH: { type: 91, fields: none },
  IF: { type: 92, fields: { thenSubgraph: int(0), elseSubgraph: int(1) } },
  WHILE: { type: 93, fields: { conditionSubgraph: int(0), bodySubgraph: int(1) } },
  DEPTH_TO_SPACE: { type: 94, fields: { blockSize: int(0) } },
  DENSIFY: { type: 99, fields: none },
  REVERSE_V2: { type: 81, fields: none },
  BATCH_MATMUL: { type: 101, fields: { adjointX: bool(0), adjointY: bool(1), asymmetricQuantizeInputs: bool(2) } },
  CALL_ONCE: { type: 103, fields: { subgraph: int(0) } },
  GELU: { type: 116, fields: { approximate: bool(0) } },
};

/** Undefined for operators that have no options, or whose options this table does not know. */
export function optionTable(operator: string): OptionTable | undefined {
  return Object.hasOwn(optionTables, operator) ? optionTables[operator] : undefined;
}
