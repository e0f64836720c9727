import type { Estimate, KernelLibrary } from '../../../shared/hardware.ts';
import type { TfliteModel, TfliteTensor } from '../../tflite/tflite-model.ts';
import { graphOperators, type GraphOperator } from '../graph-operators.ts';
import { arenaTensorBytes } from './arena-tensors.ts';
import { scratchBuffers } from './scratch-buffers.ts';

/** Sizes of TFLite Micro's structures on a 32-bit Arm core, as its headers at 90b983c compile with GCC 12. */
const structures = {
  /** Allocator, planner and the interpreter's own. */
  runtime: 36 + 44 + 36 + 8,
  subgraph: 8,
  tensor: 12,
  operator: 32,
  scratchHandle: 4,
  /** A tensor that the program can ask for, with its quantization but its zero points. */
  interfaceTensor: 4 + 32 + 12 + 4,
  zeroPoint: 4,
} as const;

/** What a kernel keeps for an operator, and the operator's options. */
const kernelState: Readonly<Record<string, { readonly kernel: number; readonly options: number }>> = {
  ADD: { kernel: 60, options: 2 },
  SUB: { kernel: 52, options: 2 },
  MUL: { kernel: 36, options: 1 },
  CONV_2D: { kernel: 60, options: 28 },
  DEPTHWISE_CONV_2D: { kernel: 60, options: 28 },
  TRANSPOSE_CONV: { kernel: 72, options: 16 },
  FULLY_CONNECTED: { kernel: 64, options: 5 },
  AVERAGE_POOL_2D: { kernel: 36, options: 40 },
  MAX_POOL_2D: { kernel: 36, options: 40 },
  SOFTMAX: { kernel: 56, options: 4 },
  MEAN: { kernel: 44, options: 1 },
  SUM: { kernel: 44, options: 1 },
  REDUCE_MAX: { kernel: 44, options: 1 },
  RESHAPE: { kernel: 0, options: 36 },
  CONCATENATION: { kernel: 60, options: 8 },
  PAD: { kernel: 52, options: 0 },
  RELU: { kernel: 28, options: 0 },
  RELU6: { kernel: 8, options: 0 },
  LOGISTIC: { kernel: 16, options: 0 },
  TANH: { kernel: 16, options: 0 },
  HARD_SWISH: { kernel: 20, options: 0 },
  LEAKY_RELU: { kernel: 24, options: 4 },
  PRELU: { kernel: 28, options: 0 },
  QUANTIZE: { kernel: 32, options: 0 },
  DEQUANTIZE: { kernel: 32, options: 0 },
  SVDF: { kernel: 40, options: 8 },
  STRIDED_SLICE: { kernel: 84, options: 24 },
  BATCH_MATMUL: { kernel: 48, options: 3 },
  UNIDIRECTIONAL_SEQUENCE_LSTM: { kernel: 688, options: 16 },
  TFLM_DECODE: { kernel: 8, options: 0 },
};
const otherKernelState = { kernel: 32, options: 8 };
/** For each tensor that TFLM_DECODE unpacks. */
const decoderBytes = 40;

/**
 * The persistent part of TFLite Micro's arena, its tail: structures of the runtime and of kernels, multipliers of channels, variable tensors.
 */
export function persistentBytes(model: TfliteModel, kernels: KernelLibrary): Estimate {
  const [main] = model.subgraphs;
  const named = [...(main?.inputs ?? []), ...(main?.outputs ?? [])].flatMap((index) => main?.tensors[index] ?? []);
  const bytes =
    structures.runtime +
    sum(named, (tensor) => structures.interfaceTensor + structures.zeroPoint * scales(tensor)) +
    sum(
      model.subgraphs,
      (graph) =>
        structures.subgraph +
        structures.tensor * graph.tensors.length +
        structures.operator * graph.operators.length +
        sum(graph.tensors, (tensor) => (tensor.isVariable ? roundUp(arenaTensorBytes(tensor), 16) : 0)) +
        sum(graphOperators(graph), (operator) => operatorBytes(operator, kernels)),
    );
  return { bytes: roundUp(bytes, 16), source: 'structures of TFLite Micro 90b983c on a 32-bit core' };
}

function operatorBytes(operator: GraphOperator, kernels: KernelLibrary): number {
  const state = Object.hasOwn(kernelState, operator.kind) ? kernelState[operator.kind] : undefined;
  const { kernel, options } = state ?? otherKernelState;
  return (
    roundUp(kernel, 16) +
    roundUp(options, 4) +
    structures.scratchHandle * scratchBuffers(operator, kernels).length +
    channelBytes(operator) +
    (kernels === 'cmsis-nn-mve' ? rowSumBytes(operator) : 0) +
    (operator.kind === 'TFLM_DECODE' ? operator.outputs.length * roundUp(decoderBytes, 16) : 0)
  );
}

/** A multiplier and a shift for each output channel; convolutions keep room for them in float too. */
function channelBytes({ kind, inputs }: GraphOperator): number {
  const filter = inputs[1];
  if (filter === undefined) return 0;
  switch (kind) {
    case 'CONV_2D':
    case 'TRANSPOSE_CONV':
      return 2 * roundUp(4 * (filter.shape[0] ?? 0), 16);
    case 'DEPTHWISE_CONV_2D':
      return 2 * roundUp(4 * (filter.shape[3] ?? 0), 16);
    case 'FULLY_CONNECTED':
      return scales(filter) > 1 ? 2 * roundUp(4 * scales(filter), 16) : 0;
    default:
      return 0;
  }
}

/** MVE keeps the sums of a constant kernel's rows. */
function rowSumBytes({ kind, inputs, outputs }: GraphOperator): number {
  const [input, filter] = inputs;
  if (kind !== 'FULLY_CONNECTED' || input?.type !== 'int8' || filter?.type !== 'int8' || filter.data === undefined) return 0;
  const [units = 0, depth = 0] = filter.shape;
  return (outputs[0]?.shape.length ?? 0) > 2 && depth % 4 === 0 ? 0 : roundUp(4 * units, 16);
}

function scales(tensor: TfliteTensor): number {
  return tensor.quantization?.scales.length ?? 0;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
