/**
 * Functions that importers meet and that the vocabulary has no operation of its own for, as the operations that the
 * official converter writes for them. Each takes the layer that the user knows; parameters are named `<layer>/<what>`.
 */
import { EspalierError } from '../errors.ts';
import type { Parameter, ValueId } from './network.ts';
import type { NetworkBuilder } from './network-builder.ts';
import type { BinaryFunction, FusedActivation } from './operations.ts';
import { broadcastShape, elementCount, sameShape } from './shapes/shape.ts';

/** `x * scale + offset` of two numbers that are not trained; `name` distinguishes the scalings of one layer. */
export function scaled(builder: NetworkBuilder, layer: string, x: ValueId, name: string, scale: number, offset = 0): ValueId {
  return builder.rescale(layer, x, Float32Array.of(scale), Float32Array.of(offset), { name: `${layer}/${name}` });
}

/** Softmax or its logarithm along any axis. Exchanging it with the last axis is its own inverse: one order serves both ways. */
export function softmaxAlong(
  builder: NetworkBuilder,
  layer: string,
  x: ValueId,
  axis: number,
  name: 'softmax' | 'logSoftmax' = 'softmax',
): ValueId {
  const rank = builder.shapeOf(x).length;
  const along = axis < 0 ? axis + rank : axis;
  if (along === rank - 1) return builder.activation(layer, x, name);
  const order = Array.from({ length: rank }, (_, i) => (i === along ? rank - 1 : i === rank - 1 ? along : i));
  return builder.permute(layer, builder.activation(layer, builder.permute(layer, x, order), name), order);
}

export interface Normalization {
  /** Over which mean and variance are taken; negative axes count from the last. */
  readonly axes: readonly number[];
  readonly epsilon: number;
  /** Of the shape `[c]` of the last axis, or any that broadcasts with the value. */
  readonly gamma?: Parameter | undefined;
  readonly beta?: Parameter | undefined;
}

/**
 * `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the statistics of each example: layer normalization (Ba et
 * al. 2016, arXiv:1607.06450) over the features, instance normalization (Ulyanov et al. 2016, arXiv:1607.08022) over the
 * positions. Gamma and beta are trained.
 */
export function normalized(builder: NetworkBuilder, layer: string, x: ValueId, options: Normalization): ValueId {
  return transformed(builder, layer, standardized(builder, layer, x, options.axes, options.epsilon), options);
}

/** `gamma * x / sqrt(mean(x^2) + epsilon)`: Zhang & Sennrich 2019, arXiv:1910.07467. */
export function rootMeanSquareNormalized(
  builder: NetworkBuilder,
  layer: string,
  x: ValueId,
  { axes, epsilon, gamma }: Omit<Normalization, 'beta'>,
): ValueId {
  const square = builder.reduce(layer, builder.binary(layer, 'mul', x, x), 'mean', axes, true);
  const inverse = builder.unary(layer, scaled(builder, layer, square, 'epsilon', 1, epsilon), 'rsqrt');
  return transformed(builder, layer, builder.binary(layer, 'mul', x, inverse), { gamma, beta: undefined });
}

/** Wu & He 2018, arXiv:1803.08494: each of `groups` runs of channels is normalized over its channels and all positions. */
export function groupNormalized(
  builder: NetworkBuilder,
  layer: string,
  x: ValueId,
  options: Omit<Normalization, 'axes'> & { readonly groups: number },
): ValueId {
  const shape = builder.shapeOf(x);
  const channels = shape.at(-1) ?? 1;
  const { groups, epsilon } = options;
  if (!Number.isSafeInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new EspalierError('invalid-model', `${channels} channels do not divide into ${groups} groups`, { where: `layer "${layer}"` });
  const grouped = builder.reshape(layer, x, [elementCount(shape) / channels, groups, channels / groups]);
  return transformed(builder, layer, builder.reshape(layer, standardized(builder, layer, grouped, [0, 2], epsilon), shape), options);
}

function standardized(builder: NetworkBuilder, layer: string, x: ValueId, axes: readonly number[], epsilon: number): ValueId {
  const difference = builder.binary(layer, 'sub', x, builder.reduce(layer, x, 'mean', axes, true));
  const variance = builder.reduce(layer, builder.binary(layer, 'mul', difference, difference), 'mean', axes, true);
  const inverse = builder.unary(layer, scaled(builder, layer, variance, 'epsilon', 1, epsilon), 'rsqrt');
  return builder.binary(layer, 'mul', difference, inverse);
}

function transformed(builder: NetworkBuilder, layer: string, x: ValueId, { gamma, beta }: Pick<Normalization, 'gamma' | 'beta'>): ValueId {
  if (gamma === undefined && beta === undefined) return x;
  const channels = builder.shapeOf(x).at(-1) ?? 1;
  const ofChannels = [gamma, beta].every((parameter) => parameter === undefined || parameter.data.length === channels);
  if (ofChannels && [gamma, beta].every((parameter) => parameter === undefined || parameter.shape.at(-1) === channels)) {
    const scale = gamma?.data ?? new Float32Array(channels).fill(1);
    return builder.rescale(layer, x, scale, beta?.data ?? new Float32Array(channels), { learned: true });
  }
  const product =
    gamma === undefined ? x : builder.binary(layer, 'mul', x, builder.constant(layer, gamma, { name: `${layer}/gamma`, learned: true }));
  return beta === undefined
    ? product
    : builder.binary(layer, 'add', product, builder.constant(layer, beta, { name: `${layer}/beta`, learned: true }));
}

/** An operand that the network computes, or one that the model holds. */
export type Operand = ValueId | Parameter;

/**
 * `a ∘ b`, where either may be a constant that broadcasts. Sums and products with one number, or one a channel, become a
 * rescaling, powers with the usual exponents products and roots, bounds of 0 a ReLU.
 *
 * @param learned whether a constant is trained
 */
export function arithmetic(
  builder: NetworkBuilder,
  layer: string,
  name: BinaryFunction,
  a: Operand,
  b: Operand,
  { activation = 'none', learned = false }: { readonly activation?: FusedActivation; readonly learned?: boolean } = {},
): ValueId {
  if (typeof a !== 'string' && typeof b !== 'string')
    throw new EspalierError('invalid-model', 'calculates with constants alone', { where: `layer "${layer}"` });
  const simple = typeof a === 'string' ? (typeof b === 'string' ? undefined : ofConstant(builder, layer, name, a, b, learned)) : undefined;
  const flipped = typeof b === 'string' && typeof a !== 'string' ? constantFirst(builder, layer, name, a, b, learned) : undefined;
  const found = simple ?? flipped;
  if (found !== undefined) return activation === 'none' ? found : builder.activation(layer, found, activation);
  const [left, right] = [a, b].map((operand, i) =>
    typeof operand === 'string' ? operand : builder.constant(layer, squeezed(operand), { name: `${layer}/operand${i}`, learned }),
  );
  return builder.binary(layer, name, left ?? '', right ?? '', activation);
}

/** `x ∘ constant` by simpler means; undefined where there are none. */
function ofConstant(
  builder: NetworkBuilder,
  layer: string,
  name: BinaryFunction,
  x: ValueId,
  constant: Parameter,
  learned: boolean,
): ValueId | undefined {
  const [number = 0] = constant.data;
  const isNumber = constant.data.length === 1;
  switch (name) {
    case 'add':
      return rescaled(builder, layer, x, Float32Array.of(1), constant, learned);
    case 'sub':
      return rescaled(builder, layer, x, Float32Array.of(1), { ...constant, data: constant.data.map((value) => -value) }, learned);
    case 'mul':
      return rescaled(builder, layer, x, constant, Float32Array.of(0), learned);
    case 'div':
      return arithmetic(builder, layer, 'mul', x, { ...constant, data: constant.data.map((value) => 1 / value) }, { learned });
    case 'max':
      return isNumber && number === 0 ? builder.activation(layer, x, 'relu') : undefined;
    case 'min':
      return undefined;
    case 'pow':
      return isNumber ? power(builder, layer, x, number) : undefined;
  }
}

function power(builder: NetworkBuilder, layer: string, x: ValueId, exponent: number): ValueId | undefined {
  switch (exponent) {
    case 1:
      return x;
    case 2:
      return builder.binary(layer, 'mul', x, x);
    case 3:
      return builder.binary(layer, 'mul', x, builder.binary(layer, 'mul', x, x));
    case 0.5:
      return builder.unary(layer, x, 'sqrt');
    case -0.5:
      return builder.unary(layer, x, 'rsqrt');
    default:
      return undefined;
  }
}

function constantFirst(
  builder: NetworkBuilder,
  layer: string,
  name: BinaryFunction,
  constant: Parameter,
  x: ValueId,
  learned: boolean,
): ValueId | undefined {
  switch (name) {
    case 'add':
    case 'mul':
    case 'max':
    case 'min':
      return ofConstant(builder, layer, name, x, constant, learned);
    case 'sub':
      return rescaled(builder, layer, x, Float32Array.of(-1), constant, learned);
    case 'div':
    case 'pow':
      return undefined;
  }
}

/** Undefined where scale or offset is neither one number nor one a channel, or the constant has more axes than the value. */
function rescaled(
  builder: NetworkBuilder,
  layer: string,
  x: ValueId,
  scale: Parameter | Float32Array,
  offset: Parameter | Float32Array,
  learned: boolean,
): ValueId | undefined {
  const shape = builder.shapeOf(x);
  const numbers = [scale, offset].map((operand) => {
    if (operand instanceof Float32Array) return operand;
    const grows = !sameShape(broadcastShape(shape, operand.shape) ?? [], shape);
    const byChannel = operand.data.length === 1 || operand.data.length === operand.shape.at(-1);
    return grows || !byChannel ? undefined : operand.data;
  });
  const [factors, summands] = numbers;
  if (factors === undefined || summands === undefined) return undefined;
  return builder.rescale(layer, x, factors, summands, { learned });
}

/** Without the axes of length 1 in front, which broadcasting adds by itself. */
function squeezed({ shape, data }: Parameter): Parameter {
  const first = shape.findIndex((length) => length !== 1);
  return { shape: first < 0 ? shape.slice(0, 1) : shape.slice(first), data };
}

/** `min(max(x, low), high)`; an infinite bound is none. */
export function clipped(builder: NetworkBuilder, layer: string, x: ValueId, low: number, high: number): ValueId {
  if (low === 0 && high === 6) return builder.activation(layer, x, 'relu6');
  const bound = (value: ValueId, name: 'max' | 'min', limit: number): ValueId => {
    if (!Number.isFinite(limit)) return value;
    if (name === 'max' && limit === 0) return builder.activation(layer, value, 'relu');
    const constant = builder.constant(layer, { shape: [1], data: Float32Array.of(limit) }, { name: `${layer}/${name}` });
    return builder.binary(layer, name, value, constant);
  };
  return bound(bound(x, 'max', low), 'min', high);
}

/** So steep that a step of it is one for float32; integers meet it as 0 or 6. */
const steepness = 1e8;

/**
 * `min(x, maximum)` from the threshold on, `slope * (x - threshold)` below: a jump, unless the threshold is 0. Whether x
 * is above it is a ReLU6 of a steep slope, for TFLite compares numbers in float alone.
 */
export function thresholded(
  builder: NetworkBuilder,
  layer: string,
  x: ValueId,
  { threshold, slope, maximum }: { readonly threshold: number; readonly slope: number; readonly maximum: number },
): ValueId {
  const above = scaled(builder, layer, x, 'above', 1, -threshold);
  const gate = builder.activation(layer, scaled(builder, layer, above, 'steep', steepness, 6), 'relu6');
  const bounded = clipped(builder, layer, x, -Infinity, maximum);
  const passed = builder.binary(layer, 'mul', bounded, scaled(builder, layer, gate, 'gate', 1 / 6));
  if (slope === 0) return passed;
  const depth = builder.activation(layer, scaled(builder, layer, above, 'depth', -1), 'relu');
  return builder.binary(layer, 'add', passed, scaled(builder, layer, depth, 'slope', -slope));
}
