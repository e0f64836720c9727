import type { ParameterId, Shape, ValueId } from './values.ts';

/** `[height, width]` */
export type Pair = readonly [number, number];
export type Padding = 'same' | 'valid';
/** The activations that TFLite fuses into the operation before them. */
export type FusedActivation = 'none' | 'relu' | 'relu6';

interface OperationBase {
  /** Unique within the network. */
  readonly name: string;
  /** The layer of the user's model that this came from: what messages, patterns and tables name. */
  readonly layer: string;
  readonly inputs: readonly ValueId[];
  readonly output: ValueId;
}

/** Kernel `[out, kh, kw, in]`, bias `[out]`; value `[h, w, in] -> [h', w', out]`. */
export interface Conv2d extends OperationBase {
  readonly kind: 'conv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
  readonly activation: FusedActivation;
}

/** Kernel `[1, kh, kw, in * multiplier]`, bias `[in * multiplier]`; output channel `c * multiplier + m`. */
export interface DepthwiseConv2d extends OperationBase {
  readonly kind: 'depthwiseConv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  readonly multiplier: number;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
  readonly activation: FusedActivation;
}

/** Kernel `[out, kh, kw, in]`, bias `[out]`; SAME gives `h * stride`, VALID `h * stride + max(kh - stride, 0)`. */
export interface TransposeConv2d extends OperationBase {
  readonly kind: 'transposeConv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly activation: FusedActivation;
}

/** Kernel `[out, in]`, bias `[out]`; works on the last axis, `[..., in] -> [..., out]`. */
export interface Dense extends OperationBase {
  readonly kind: 'dense';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  readonly activation: FusedActivation;
}

/** `gamma * (x - mean) / sqrt(variance + epsilon) + beta` over the last axis; each parameter `[c]`. */
export interface BatchNorm extends OperationBase {
  readonly kind: 'batchNorm';
  readonly gamma: ParameterId;
  readonly beta: ParameterId;
  readonly mean: ParameterId;
  readonly variance: ParameterId;
  readonly epsilon: number;
  /** Weight of the old statistics in the moving average, as in Keras. */
  readonly momentum: number;
}

export type ActivationFunction = 'relu' | 'relu6' | 'leakyRelu' | 'elu' | 'sigmoid' | 'tanh' | 'softmax' | 'hardSwish' | 'swish' | 'gelu';

export interface Activation extends OperationBase {
  readonly kind: 'activation';
  readonly function: ActivationFunction;
  /** Slope of leakyRelu or alpha of elu below zero; gelu: 1 = tanh approximation, 0 = erf; else 0. Softmax is over the last axis. */
  readonly alpha: number;
}

/** `max(x, 0) + alpha * min(x, 0)`; alpha has the value's shape, with 1 for shared axes. */
export interface PRelu extends OperationBase {
  readonly kind: 'prelu';
  readonly alpha: ParameterId;
}

/** Of two values of equal or broadcastable shape. */
export interface Binary extends OperationBase {
  readonly kind: 'binary';
  readonly function: 'add' | 'sub' | 'mul';
  readonly activation: FusedActivation;
}

/** `x * scale + offset`, each `[c]` or `[1]`: Rescaling and Normalization layers. */
export interface Rescale extends OperationBase {
  readonly kind: 'rescale';
  readonly scale: ParameterId;
  readonly offset: ParameterId;
}

export interface Concat extends OperationBase {
  readonly kind: 'concat';
  readonly axis: number;
}

/** Zeros around each axis of the value: `[before, after]` an axis. */
export interface Pad extends OperationBase {
  readonly kind: 'pad';
  readonly paddings: readonly (readonly [number, number])[];
}

export interface Crop extends OperationBase {
  readonly kind: 'crop';
  readonly begin: Shape;
  readonly size: Shape;
}

/** The average leaves padding out of its count, as in TFLite and Keras. */
export interface Pool2d extends OperationBase {
  readonly kind: 'pool2d';
  readonly function: 'max' | 'average';
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}

/** `[h, w, c] -> [c]`, or `[1, 1, c]` when dimensions are kept. */
export interface GlobalPool extends OperationBase {
  readonly kind: 'globalPool';
  readonly function: 'max' | 'average';
  readonly keepDimensions: boolean;
}

/** To the output value's shape; flatten is one of these. */
export interface Reshape extends OperationBase {
  readonly kind: 'reshape';
}

export interface Permute extends OperationBase {
  readonly kind: 'permute';
  readonly order: readonly number[];
}

/** The identity but in training. */
export interface Dropout extends OperationBase {
  readonly kind: 'dropout';
  readonly rate: number;
}

export interface Upsample extends OperationBase {
  readonly kind: 'upsample';
  readonly factor: Pair;
  /** Bilinear uses half-pixel centres, as Keras does. */
  readonly interpolation: 'nearest' | 'bilinear';
}

/** Integers `[length] -> [length, width]` by rows of the table `[rows, width]`. */
export interface Embedding extends OperationBase {
  readonly kind: 'embedding';
  readonly table: ParameterId;
}

export type Operation =
  | Conv2d
  | DepthwiseConv2d
  | TransposeConv2d
  | Dense
  | BatchNorm
  | Activation
  | PRelu
  | Binary
  | Rescale
  | Concat
  | Pad
  | Crop
  | Pool2d
  | GlobalPool
  | Reshape
  | Permute
  | Dropout
  | Upsample
  | Embedding;

export type OperationKind = Operation['kind'];

/** The operations whose kernel can be pruned, clustered and quantized. */
export type KernelOperation = Conv2d | DepthwiseConv2d | TransposeConv2d | Dense;

export function hasKernel(operation: Operation): operation is KernelOperation {
  return (
    operation.kind === 'conv2d' ||
    operation.kind === 'depthwiseConv2d' ||
    operation.kind === 'transposeConv2d' ||
    operation.kind === 'dense'
  );
}

/** The axis of the kernel that counts output channels: the axis of per-channel quantization in TFLite. */
export function channelAxis(operation: KernelOperation): number {
  return operation.kind === 'depthwiseConv2d' ? 3 : 0;
}
