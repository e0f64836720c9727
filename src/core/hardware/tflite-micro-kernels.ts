import { EspalierError } from '../errors.ts';
import type { Subgraph, TfliteModel, TfliteTensor } from '../tflite/tflite-model.ts';
import { graphOperators, type GraphOperator } from './graph-operators.ts';

/** Operators that TFLite Micro has kernels for: `micro_mutable_op_resolver.h` at 90b983c. */
const kernels = new Set(
  (
    'ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST ' +
    'CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP ' +
    'EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D ' +
    'LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG ' +
    'NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR ' +
    'RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE ' +
    'SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ' +
    'ZEROS_LIKE ' +
    // Custom operators that come with it.
    'CIRCULAR_BUFFER TFLM_DECODE TFLite_Detection_PostProcess ethos-u SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank ' +
    'SignalFilterBankLog SignalFilterBankSquareRoot SignalFilterBankSpectralSubtraction SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN ' +
    'SignalRfft SignalStacker SignalWindow'
  ).split(' '),
);

/** Why TFLite Micro does not run a file, in sentences for its reader; empty when it does. */
export function tfliteMicroObstacles(model: TfliteModel): readonly string[] {
  const operators = model.subgraphs.flatMap(graphOperators);
  const missing = new Set(operators.flatMap(({ kind }) => (kernels.has(kind) ? [] : [kind])));
  const hybrid = operators.filter(isHybrid);
  return [
    ...[...missing].map((kind) => {
      const at = operators.filter((operator) => operator.kind === kind).map(({ name }) => name);
      return `TFLite Micro has no kernel for ${kind} (${listed(at)}): it does not run this file`;
    }),
    ...(hybrid.length === 0
      ? []
      : [
          `TFLite Micro does not multiply float activations with integer kernels (${listed(hybrid.map(({ name }) => name))}): quantize the activations too`,
        ]),
  ];
}

/** The first operator that computes in float, if any: what integer hardware does not run. */
export function floatOperator(model: TfliteModel): string | undefined {
  const isFloat = (tensor: TfliteTensor | undefined): boolean => tensor?.type.startsWith('float') === true;
  return model.subgraphs
    .flatMap(graphOperators)
    .find(({ kind, inputs, outputs }) => !['QUANTIZE', 'DEQUANTIZE'].includes(kind) && [...inputs, ...outputs].some(isFloat))?.name;
}

function isHybrid({ kind, inputs }: GraphOperator): boolean {
  if (!['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED'].includes(kind)) return false;
  const [input, kernel] = inputs;
  return input?.type === 'float32' && kernel !== undefined && kernel.type !== 'float32';
}

const named = 3;

function listed(names: readonly string[]): string {
  return names.slice(0, named).join(', ') + (names.length > named ? ` and ${names.length - named} more` : '');
}

/** @throws EspalierError `unsupported-model` when the file has nothing to run */
export function requireOperators(model: TfliteModel): Subgraph {
  const [graph] = model.subgraphs;
  if (graph === undefined || graph.operators.length === 0)
    throw new EspalierError('unsupported-model', 'it has no operators: there is nothing to run');
  return graph;
}
