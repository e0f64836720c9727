import type { BuiltinOperator } from './schema/builtin-operators.ts';
import type { TfliteModel } from './tflite-model.ts';

/** What TFLite Micro's operator resolver calls an operator: `AddConv2D()` is the method that registers `Conv2D`. */
const registrations: Readonly<Partial<Record<BuiltinOperator, string>>> = {
  ABS: 'Abs',
  ADD: 'Add',
  ADD_N: 'AddN',
  ARG_MAX: 'ArgMax',
  ARG_MIN: 'ArgMin',
  ASSIGN_VARIABLE: 'AssignVariable',
  AVERAGE_POOL_2D: 'AveragePool2D',
  BATCH_MATMUL: 'BatchMatMul',
  BATCH_TO_SPACE_ND: 'BatchToSpaceNd',
  BROADCAST_ARGS: 'BroadcastArgs',
  BROADCAST_TO: 'BroadcastTo',
  CALL_ONCE: 'CallOnce',
  CAST: 'Cast',
  CEIL: 'Ceil',
  CONCATENATION: 'Concatenation',
  CONV_2D: 'Conv2D',
  COS: 'Cos',
  CUMSUM: 'CumSum',
  DEPTH_TO_SPACE: 'DepthToSpace',
  DEPTHWISE_CONV_2D: 'DepthwiseConv2D',
  DEQUANTIZE: 'Dequantize',
  DIV: 'Div',
  DYNAMIC_UPDATE_SLICE: 'DynamicUpdateSlice',
  ELU: 'Elu',
  EMBEDDING_LOOKUP: 'EmbeddingLookup',
  EQUAL: 'Equal',
  EXP: 'Exp',
  EXPAND_DIMS: 'ExpandDims',
  FILL: 'Fill',
  FLOOR: 'Floor',
  FLOOR_DIV: 'FloorDiv',
  FLOOR_MOD: 'FloorMod',
  FULLY_CONNECTED: 'FullyConnected',
  GATHER: 'Gather',
  GATHER_ND: 'GatherNd',
  GREATER: 'Greater',
  GREATER_EQUAL: 'GreaterEqual',
  HARD_SWISH: 'HardSwish',
  IF: 'If',
  L2_NORMALIZATION: 'L2Normalization',
  L2_POOL_2D: 'L2Pool2D',
  LEAKY_RELU: 'LeakyRelu',
  LESS: 'Less',
  LESS_EQUAL: 'LessEqual',
  LOG: 'Log',
  LOG_SOFTMAX: 'LogSoftmax',
  LOGICAL_AND: 'LogicalAnd',
  LOGICAL_NOT: 'LogicalNot',
  LOGICAL_OR: 'LogicalOr',
  LOGISTIC: 'Logistic',
  MAX_POOL_2D: 'MaxPool2D',
  MAXIMUM: 'Maximum',
  MEAN: 'Mean',
  MINIMUM: 'Minimum',
  MIRROR_PAD: 'MirrorPad',
  MUL: 'Mul',
  NEG: 'Neg',
  NOT_EQUAL: 'NotEqual',
  PACK: 'Pack',
  PAD: 'Pad',
  PADV2: 'PadV2',
  PRELU: 'Prelu',
  QUANTIZE: 'Quantize',
  READ_VARIABLE: 'ReadVariable',
  REDUCE_ALL: 'ReduceAll',
  REDUCE_MAX: 'ReduceMax',
  REDUCE_MIN: 'ReduceMin',
  RELU: 'Relu',
  RELU6: 'Relu6',
  RESHAPE: 'Reshape',
  RESIZE_BILINEAR: 'ResizeBilinear',
  RESIZE_NEAREST_NEIGHBOR: 'ResizeNearestNeighbor',
  REVERSE_V2: 'ReverseV2',
  ROUND: 'Round',
  RSQRT: 'Rsqrt',
  SELECT_V2: 'SelectV2',
  SHAPE: 'Shape',
  SIN: 'Sin',
  SLICE: 'Slice',
  SOFTMAX: 'Softmax',
  SPACE_TO_BATCH_ND: 'SpaceToBatchNd',
  SPACE_TO_DEPTH: 'SpaceToDepth',
  SPLIT: 'Split',
  SPLIT_V: 'SplitV',
  SQRT: 'Sqrt',
  SQUARE: 'Square',
  SQUARED_DIFFERENCE: 'SquaredDifference',
  SQUEEZE: 'Squeeze',
  STRIDED_SLICE: 'StridedSlice',
  SUB: 'Sub',
  SUM: 'Sum',
  SVDF: 'Svdf',
  TANH: 'Tanh',
  TRANSPOSE: 'Transpose',
  TRANSPOSE_CONV: 'TransposeConv',
  UNIDIRECTIONAL_SEQUENCE_LSTM: 'UnidirectionalSequenceLSTM',
  UNPACK: 'Unpack',
  VAR_HANDLE: 'VarHandle',
  WHILE: 'While',
  ZEROS_LIKE: 'ZerosLike',
};

/** The custom operator that decodes packed tensors. */
export const decodeOperator = 'TFLM_DECODE';

const customRegistrations: Readonly<Record<string, string>> = {
  [decodeOperator]: 'Decode',
  'ethos-u': 'EthosU',
  TFLite_Detection_PostProcess: 'DetectionPostprocess',
  CIRCULAR_BUFFER: 'CircularBuffer',
};

/**
 * How TFLite Micro's `MicroMutableOpResolver` registers an operator: `Conv2D` for `AddConv2D()`. Undefined where it has
 * no kernel for it. Source: TFLite Micro, `micro_mutable_op_resolver.h`, August 2026.
 */
export function microRegistration(operator: { readonly name: string; readonly isCustom: boolean }): string | undefined {
  const table: Readonly<Record<string, string>> = operator.isCustom ? customRegistrations : registrations;
  return Object.hasOwn(table, operator.name) ? table[operator.name] : undefined;
}

/** Operators of a file that TFLite Micro cannot run, each once, in order of execution. */
export function operatorsWithoutMicroKernel({ subgraphs }: TfliteModel): readonly string[] {
  const all = subgraphs.flatMap(({ operators }) => operators);
  return [...new Set(all.filter((operator) => microRegistration(operator) === undefined).map(({ name }) => name))];
}
