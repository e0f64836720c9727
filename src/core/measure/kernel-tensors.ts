import type { TensorType } from '../tflite/schema/tensor-types.ts';
import { storedValues } from '../tflite/tensor-values.ts';
import type { TfliteModel, TfliteTensor } from '../tflite/tflite-model.ts';

/** A kernel as it is stored in a .tflite. */
export interface KernelTensor {
  /** What the tensor is named after (`<layer>/kernel`), else the operation's output. */
  readonly layer: string;
  readonly operation: string;
  readonly tensor: TfliteTensor;
  /** Integers as they are in the file, else real numbers; row-major. */
  readonly values: Float64Array;
  readonly shape: readonly number[];
  /** Axis of the output channels. */
  readonly channelAxis: number;
  readonly isInteger: boolean;
  /** Type of what the first operator with this kernel reads. */
  readonly activations: TensorType | undefined;
}

/** Where each operator that has a kernel keeps it, what it reads, and its output channels. */
const kernelOperators: Readonly<Record<string, { readonly input: number; readonly data: number; readonly channelAxis: number }>> = {
  CONV_2D: { input: 1, data: 0, channelAxis: 0 },
  DEPTHWISE_CONV_2D: { input: 1, data: 0, channelAxis: 3 },
  FULLY_CONNECTED: { input: 1, data: 0, channelAxis: 0 },
  TRANSPOSE_CONV: { input: 1, data: 2, channelAxis: 0 },
};

/** Every constant kernel of a file, once even when operators share it; kernels behind DEQUANTIZE or DENSIFY too. */
export function kernelTensors(model: TfliteModel): readonly KernelTensor[] {
  return model.subgraphs.flatMap((graph) => {
    const seen = new Set<TfliteTensor>();
    const producers = new Map(graph.operators.flatMap((operator) => operator.outputs.map((output) => [output, operator] as const)));
    const constant = (index: number): TfliteTensor | undefined => {
      const tensor = graph.tensors[index];
      if (tensor?.data !== undefined) return tensor;
      const producer = producers.get(index);
      if (producer === undefined || (producer.name !== 'DEQUANTIZE' && producer.name !== 'DENSIFY')) return undefined;
      const [from = -1] = producer.inputs;
      return graph.tensors[from]?.data === undefined ? undefined : graph.tensors[from];
    };
    return graph.operators.flatMap((operator): KernelTensor[] => {
      const place = operator.isCustom ? undefined : kernelOperators[operator.name];
      const tensor = place === undefined ? undefined : constant(operator.inputs[place.input] ?? -1);
      if (place === undefined || tensor === undefined || seen.has(tensor) || isRescaling(operator.name, tensor)) return [];
      seen.add(tensor);
      return [
        {
          layer: layerOf(tensor.name) ?? graph.tensors[operator.outputs[0] ?? -1]?.name ?? tensor.name,
          operation: operator.name,
          tensor,
          values: storedValues(tensor),
          shape: tensor.shape,
          channelAxis: place.channelAxis,
          activations: graph.tensors[operator.inputs[place.data] ?? -1]?.type,
          isInteger: tensor.type.startsWith('int') || tensor.type.startsWith('uint'),
        },
      ];
    });
  });
}

/** Rescalings are written as depthwise convolutions of one row and column: their scales are no kernel that anything is pruned in. */
function isRescaling(operator: string, { name, shape }: TfliteTensor): boolean {
  return operator === 'DEPTHWISE_CONV_2D' && name.endsWith('/scale') && shape.slice(0, 3).every((length) => length === 1);
}

/** Our writer names kernels `<layer>/<what>`; TensorFlow's converter joins the names of what it fused by semicolons. */
function layerOf(tensorName: string): string | undefined {
  return /^([^;]+)\/[^;/]+/.exec(tensorName)?.[1];
}

/** What a stored zero stands for: symmetric weights have zero point 0, uint8 files of old another. */
export function zeroPoint(kernel: KernelTensor, channel: number): number {
  const zeroPoints = kernel.tensor.quantization?.zeroPoints ?? [];
  return (zeroPoints.length > 1 ? zeroPoints[channel] : zeroPoints[0]) ?? 0;
}

/** Output channel of the element at `index`, row-major. */
export function channelOf(shape: readonly number[], axis: number, index: number): number {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(index / inner) % (shape[axis] ?? 1);
}
