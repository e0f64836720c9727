import type { ElementType, Tensor } from './tensor.ts';
import type { DepthwiseWindow } from './shapes.ts';

/** Functions of one element. `round` is half to even, `sign(0)` is 0, `not` takes and gives bool; all others float32. */
export type UnaryFunction =
  | 'neg'
  | 'abs'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'reciprocal'
  | 'floor'
  | 'round'
  | 'sign'
  | 'relu'
  | 'relu6'
  | 'sigmoid'
  | 'tanh'
  | 'erf'
  | 'not';
/** Functions of two elements. Comparisons give bool, `and` and `or` take and give it. */
export type BinaryFunction =
  'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'pow' | 'greater' | 'greaterEqual' | 'less' | 'lessEqual' | 'equal' | 'and' | 'or';
/** Functions of all elements along the reduced axes. */
export type ReduceFunction = 'sum' | 'mean' | 'max' | 'min';

interface InstructionBase {
  readonly output: Tensor;
}

/** A tensor that the engine is given at each run. */
export interface Input extends InstructionBase {
  readonly op: 'input';
  readonly name: string;
}
/** A tensor fixed in the program, row-major: float32, int32, or bool as bytes. */
export interface Constant extends InstructionBase {
  readonly op: 'constant';
  readonly data: Float32Array | Int32Array | Uint8Array;
}
/** `round` is half to even. */
export interface Unary extends InstructionBase {
  readonly op: 'unary';
  readonly function: UnaryFunction;
  readonly x: Tensor;
}
/** Broadcasts as NumPy does; comparisons give bool. */
export interface Binary extends InstructionBase {
  readonly op: 'binary';
  readonly function: BinaryFunction;
  readonly a: Tensor;
  readonly b: Tensor;
}
/** `a` where `condition` is true, else `b`; all three are broadcast to one shape. */
export interface Where extends InstructionBase {
  readonly op: 'where';
  readonly condition: Tensor;
  readonly a: Tensor;
  readonly b: Tensor;
}
/** Another element type: float to int drops the fraction, bool gives 0 and 1. */
export interface Cast extends InstructionBase {
  readonly op: 'cast';
  readonly x: Tensor;
  readonly to: ElementType;
}
/** Along `axes`, which stay with length 1 where `keepDimensions` is set and are dropped otherwise. */
export interface Reduce extends InstructionBase {
  readonly op: 'reduce';
  readonly function: ReduceFunction;
  readonly x: Tensor;
  readonly axes: readonly number[];
  readonly keepDimensions: boolean;
}
/** The int32 index of the maximum or minimum along `axis`; the lowest index on ties. */
export interface ArgReduce extends InstructionBase {
  readonly op: 'argReduce';
  readonly function: 'max' | 'min';
  readonly x: Tensor;
  readonly axis: number;
}
/** The same elements, in row-major order, under the output's shape. */
export interface Reshape extends InstructionBase {
  readonly op: 'reshape';
  readonly x: Tensor;
}
/** Axis `i` of the output is axis `order[i]` of `x`. */
export interface Transpose extends InstructionBase {
  readonly op: 'transpose';
  readonly x: Tensor;
  readonly order: readonly number[];
}
/** Axes of length 1 repeated, and leading axes added, to the output's shape. */
export interface BroadcastTo extends InstructionBase {
  readonly op: 'broadcastTo';
  readonly x: Tensor;
}
/** `size[i]` elements of axis `i`, from `begin[i]` in steps of `strides[i]`. */
export interface Slice extends InstructionBase {
  readonly op: 'slice';
  readonly x: Tensor;
  readonly begin: readonly number[];
  readonly size: readonly number[];
  readonly strides: readonly number[];
}
/** The tensors one behind the other along `axis`. */
export interface Concat extends InstructionBase {
  readonly op: 'concat';
  readonly xs: readonly Tensor[];
  readonly axis: number;
}
/** `paddings[i]` is `[before, after]` of axis `i`; the new elements are `value`. */
export interface Pad extends InstructionBase {
  readonly op: 'pad';
  readonly x: Tensor;
  readonly paddings: readonly (readonly [number, number])[];
  readonly value: number;
}
/**
 * `[..., rows, inner] x [..., inner, columns]`, each transposed before where its flag is set; leading dimensions
 * broadcast.
 */
export interface MatMul extends InstructionBase {
  readonly op: 'matmul';
  readonly a: Tensor;
  readonly b: Tensor;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}
/** The slices of `x` along `axis` at int32 `indices`: `[...before axis, ...indices, ...after axis]`. */
export interface Gather extends InstructionBase {
  readonly op: 'gather';
  readonly x: Tensor;
  readonly indices: Tensor;
  readonly axis: number;
}
/**
 * Zeros `[rows, width]` plus each of the `updates [n, width]` at its row of int32 `indices [n]`: the gradient of a
 * gather on axis 0.
 */
export interface ScatterAdd extends InstructionBase {
  readonly op: 'scatterAdd';
  readonly indices: Tensor;
  readonly updates: Tensor;
}
/** x `[n, c, h, w]`, filter `[o, c / groups, kh, kw]` -> `[n, o, h', w']`; pads `[top, left, bottom, right]`. */
export interface Conv2d extends InstructionBase {
  readonly op: 'conv2d';
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}
/** The gradient of conv2d with respect to its input: x `[n, o, h', w']`, filter `[o, c / groups, kh, kw]` -> `[n, c, h, w]`, the output's shape. */
export interface ConvTranspose2d extends InstructionBase {
  readonly op: 'convTranspose2d';
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}
/** The gradient of conv2d with respect to its filter: x `[n, c, h, w]`, g `[n, o, h', w']` -> `[o, c / groups, kh, kw]`. */
export interface Conv2dFilterGradient extends InstructionBase {
  readonly op: 'conv2dFilterGradient';
  readonly x: Tensor;
  readonly g: Tensor;
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly groups: number;
}
/**
 * Each channel of x `[c, n, h, w]` with its own filter of `[c, kh, kw]` -> `[c, n, h', w']`. Channels are in front, as
 * lowered networks keep them, so that no transpose is needed.
 */
export interface DepthwiseConv2d extends InstructionBase, DepthwiseWindow {
  readonly op: 'depthwiseConv2d';
  readonly x: Tensor;
  readonly filter: Tensor;
}
/** The gradient of depthwiseConv2d with respect to its input: x `[c, n, h', w']`, filter `[c, kh, kw]` -> `[c, n, h, w]`, the output's shape. */
export interface DepthwiseConvTranspose2d extends InstructionBase, DepthwiseWindow {
  readonly op: 'depthwiseConvTranspose2d';
  readonly x: Tensor;
  readonly filter: Tensor;
}
/** The gradient of depthwiseConv2d with respect to its filter: x `[c, n, h, w]`, g `[c, n, h', w']` -> `[c, kh, kw]`. */
export interface DepthwiseFilterGradient extends InstructionBase, DepthwiseWindow {
  readonly op: 'depthwiseFilterGradient';
  readonly x: Tensor;
  readonly g: Tensor;
}
/** `[n, c, h, w]`; padding is minus infinity. */
export interface MaxPool2d extends InstructionBase {
  readonly op: 'maxPool2d';
  readonly x: Tensor;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}
/** The gradient of maxPool2d: each element of g `[n, c, h', w']` is added to the largest input of its window, the first one on ties. */
export interface MaxPool2dGradient extends InstructionBase {
  readonly op: 'maxPool2dGradient';
  readonly x: Tensor;
  readonly g: Tensor;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}
/** Each row of x `[rows, n]` times its scale plus its offset, both `[rows]`: a batch norm in one pass over memory. */
export interface AffineRows extends InstructionBase {
  readonly op: 'affineRows';
  readonly x: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor;
}
/** The scalar product of each row of a and b, both `[rows, n]`: `[rows]`. */
export interface RowDot extends InstructionBase {
  readonly op: 'rowDot';
  readonly a: Tensor;
  readonly b: Tensor;
}
/** The gradient of relu (ceiling undefined) and relu6 by their output y: g where `0 < y < ceiling`, else 0. */
export interface RectifierGradient extends InstructionBase {
  readonly op: 'rectifierGradient';
  readonly y: Tensor;
  readonly g: Tensor;
  readonly ceiling: number | undefined;
}
/** The forward value is `x`; the gradient goes to `latent` unchanged (and none to `x`). Bengio et al. 2013, arXiv:1308.3432. */
export interface StraightThrough extends InstructionBase {
  readonly op: 'straightThrough';
  readonly x: Tensor;
  readonly latent: Tensor;
}
/** The identity with no gradient. */
export interface StopGradient extends InstructionBase {
  readonly op: 'stopGradient';
  readonly x: Tensor;
}

/** Every primitive operation. Adding one here makes the compiler name each place that has to know it. */
export type Instruction =
  | Input
  | Constant
  | Unary
  | Binary
  | Where
  | Cast
  | Reduce
  | ArgReduce
  | Reshape
  | Transpose
  | BroadcastTo
  | Slice
  | Concat
  | Pad
  | MatMul
  | Gather
  | ScatterAdd
  | Conv2d
  | ConvTranspose2d
  | Conv2dFilterGradient
  | DepthwiseConv2d
  | DepthwiseConvTranspose2d
  | DepthwiseFilterGradient
  | MaxPool2d
  | MaxPool2dGradient
  | AffineRows
  | RowDot
  | RectifierGradient
  | StraightThrough
  | StopGradient;

/** The name of a kind of instruction. */
export type InstructionOp = Instruction['op'];
