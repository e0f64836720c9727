import type { ParameterId, Shape, ValueId } from '../../network/network.ts';
import type { DepthwiseConv2d } from '../../network/operations.ts';
import type { KernelOperation } from '../../network/kernel-operations.ts';
import type { ActivationType, TensorQuantization } from '../../quantize/quantization.ts';
import type { TensorEncoding } from './graph-builder.ts';

/**
 * How numbers are stored; one implementation for each kind of .tflite. Functions that return a number add a tensor to
 * the graph and return its index.
 */
export interface Encoding {
  /** Of the codes of a value; undefined where activations are float. */
  activationType(id: ValueId): ActivationType | undefined;
  /** Type and quantization of a value. */
  value(id: ValueId): TensorEncoding;
  /** Of a value inside the lowering of one operation. */
  inner(quantization: TensorQuantization): TensorEncoding;
  /** The kernel of an operation, in the layout that its operator reads. */
  kernel(operation: KernelOperation): number;
  /** The bias `[channels]`; zeros where the operation has none, since several runtimes need one. */
  bias(operation: KernelOperation, channels: number): number;
  /** A small constant of another kind. `like` names the value whose parameters an integer constant must share. */
  constant(id: ParameterId, shape: Shape, data: Float32Array, like?: ValueId): number;
  /** `x * scale + offset` by channel as a 1x1 depthwise convolution: tensors of its kernel and bias. */
  channelScale(
    operation: Pick<DepthwiseConv2d, 'name'>,
    input: ValueId,
    scale: Float32Array,
    offset: Float32Array,
  ): { readonly kernel: number; readonly bias: number };
}
