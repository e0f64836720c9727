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

/**
 * Kernel `[out, kh, kw, in / groups]`, bias `[out]`; value `[h, w, in] -> [h', w', out]`. Input and output channels are
 * divided into `groups` runs of equal length; the filters of a run of outputs see the same run of inputs alone.
 */
export interface Conv2d extends OperationBase {
  readonly kind: 'conv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  /** 1 for an ordinary convolution. */
  readonly groups: number;
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

/**
 * Kernel `[out, kh, kw, in]`, bias `[out]`: the gradient of a convolution with this padding that leads from `outputSize`
 * to the input's height and width. Several sizes lead there; without output padding SAME gives `h * stride`, VALID
 * `h * stride + max(kh - stride, 0)`.
 */
export interface TransposeConv2d extends OperationBase {
  readonly kind: 'transposeConv2d';
  readonly kernel: ParameterId;
  readonly bias: ParameterId | undefined;
  readonly strides: Pair;
  readonly padding: Padding;
  /** `[h', w']` */
  readonly outputSize: Pair;
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

/** Activations that TFLite lacks: `expandComposites` turns them into operations that it has. */
export type CompositeActivation = 'softplus' | 'softsign' | 'mish' | 'celu';

export type ActivationFunction =
  | 'relu'
  | 'relu6'
  | 'leakyRelu'
  | 'elu'
  | 'sigmoid'
  | 'tanh'
  | 'softmax'
  | 'logSoftmax'
  | 'l2Normalize'
  | 'hardSwish'
  | 'swish'
  | 'gelu'
  | 'erf'
  | CompositeActivation;

export interface Activation extends OperationBase {
  readonly kind: 'activation';
  readonly function: ActivationFunction;
  /**
   * Slope of leakyRelu, alpha of elu and celu below zero; gelu: 1 = tanh approximation, 0 = erf; else 0. Softmax,
   * logSoftmax and l2Normalize (`x / sqrt(max(sum(x^2), 1e-12))`) are over the last axis.
   */
  readonly alpha: number;
}

export type UnaryFunction = 'abs' | 'exp' | 'log' | 'sqrt' | 'rsqrt';

/** A function of each element; `rsqrt` is `1 / sqrt(x)`. */
export interface Unary extends OperationBase {
  readonly kind: 'unary';
  readonly function: UnaryFunction;
}

/** `max(x, 0) + alpha * min(x, 0)`; alpha has the value's shape, with 1 for shared axes. */
export interface PRelu extends OperationBase {
  readonly kind: 'prelu';
  readonly alpha: ParameterId;
}

export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'pow';

/** Of two values of equal or broadcastable shape. Only add, sub, mul and div fuse an activation. */
export interface Binary extends OperationBase {
  readonly kind: 'binary';
  readonly function: BinaryFunction;
  readonly activation: FusedActivation;
}

/** The same numbers in codes of another type; see `mixActivations`, which puts it in front of the writer. */
export interface Requantize extends OperationBase {
  readonly kind: 'requantize';
}

/** `[..., m, k] x [..., k, n] -> [..., m, n]`, each matrix transposed where it says so; leading axes broadcast. */
export interface BatchMatmul extends OperationBase {
  readonly kind: 'batchMatmul';
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** `x * scale + offset`, each `[c]` or `[1]`: Rescaling and Normalization layers, gamma and beta of a layer normalization. */
export interface Rescale extends OperationBase {
  readonly kind: 'rescale';
  readonly scale: ParameterId;
  readonly offset: ParameterId;
  /** Whether scale and offset are trained. */
  readonly learned: boolean;
}

/** A value that depends on no input, the same for every example. */
export interface Constant extends OperationBase {
  readonly kind: 'constant';
  readonly parameter: ParameterId;
  /** Whether it is trained, as an embedding of positions is. */
  readonly learned: boolean;
}

export interface Concat extends OperationBase {
  readonly kind: 'concat';
  readonly axis: number;
}

/** `value` around each axis: `[before, after]` an axis. */
export interface Pad extends OperationBase {
  readonly kind: 'pad';
  readonly paddings: readonly (readonly [number, number])[];
  readonly value: number;
}

/** `size[i]` elements of axis i from `begin[i]` on, each `strides[i]` after the one before. */
export interface Crop extends OperationBase {
  readonly kind: 'crop';
  readonly begin: Shape;
  readonly size: Shape;
  readonly strides: Shape;
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

/** Of all elements along the axes, which go or are kept with length 1. */
export interface Reduce extends OperationBase {
  readonly kind: 'reduce';
  readonly function: 'mean' | 'sum' | 'max' | 'min';
  /** Ascending. */
  readonly axes: readonly number[];
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

/**
 * Where an element of the result lies in the input of length n, for a result of length m:
 * - halfPixel: `(i + 1/2) n / m - 1/2`, as Keras and PyTorch do; nearest takes the element that holds `(i + 1/2) n / m`;
 * - asymmetric: `i n / m`, as nearest upsampling of Keras does;
 * - alignCorners: `i (n - 1) / (m - 1)`, so that first and last elements meet.
 */
export type ResizeCoordinates = 'halfPixel' | 'asymmetric' | 'alignCorners';

/** `[h, w, c] -> [h', w', c]` */
export interface Resize extends OperationBase {
  readonly kind: 'resize';
  /** `[h', w']` */
  readonly size: Pair;
  readonly interpolation: 'nearest' | 'bilinear';
  readonly coordinates: ResizeCoordinates;
}

/** `[h, w, b * b * c] -> [h * b, w * b, c]`: channel `(y * b + x) * c + k` goes to row y and column x of the block. */
export interface DepthToSpace extends OperationBase {
  readonly kind: 'depthToSpace';
  readonly blockSize: number;
}

/** The inverse of depthToSpace. */
export interface SpaceToDepth extends OperationBase {
  readonly kind: 'spaceToDepth';
  readonly blockSize: number;
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
  | Unary
  | PRelu
  | Binary
  | BatchMatmul
  | Rescale
  | Constant
  | Concat
  | Pad
  | Crop
  | Pool2d
  | GlobalPool
  | Reduce
  | Reshape
  | Permute
  | Dropout
  | Requantize
  | Resize
  | DepthToSpace
  | SpaceToDepth
  | Embedding;

export type OperationKind = Operation['kind'];

/** The operation of a kind: `OperationOf<'pad'>` is `Pad`. */
export type OperationOf<K extends OperationKind> = Extract<Operation, { readonly kind: K }>;
