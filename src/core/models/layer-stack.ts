import type { Parameter, Shape, ValueId } from '../network/network.ts';
import { NetworkBuilder } from '../network/network-builder.ts';
import type { FusedActivation, Padding, Pair } from '../network/operations.ts';
import { elementCount } from '../network/shapes/shape.ts';
import { createRandom, type Random } from '../random.ts';

export interface ConvolutionOptions {
  readonly size?: Pair;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly bias?: boolean;
  readonly activation?: FusedActivation;
}

/** Height and width; one number stands for both. */
export function pairOf(size: number | Pair): Pair {
  return typeof size === 'number' ? [size, size] : size;
}

/** Adds layers with freshly initialised weights: what the model builders share. One seed fixes all weights. */
export class LayerStack {
  readonly builder: NetworkBuilder;
  readonly #initialize: Initializer;

  constructor(name: string, seed: number, initializer: 'glorotUniform' | 'heNormal' = 'glorotUniform') {
    this.builder = new NetworkBuilder(name);
    const random = createRandom(seed);
    this.#initialize = initializer === 'heNormal' ? heNormal(random) : glorotUniform(random);
  }

  convolution(layer: string, input: ValueId, filters: number, options: ConvolutionOptions = {}): ValueId {
    const [kh, kw] = options.size ?? [1, 1];
    const channels = this.builder.shapeOf(input).at(-1) ?? 0;
    return this.builder.conv2d(layer, input, {
      kernel: this.#initialize([filters, kh, kw, channels], kh * kw * channels, kh * kw * filters),
      bias: options.bias === false ? undefined : constant([filters], 0),
      strides: options.strides ?? [1, 1],
      padding: options.padding ?? 'same',
      activation: options.activation ?? 'none',
    });
  }

  depthwise(layer: string, input: ValueId, options: ConvolutionOptions = {}): ValueId {
    const [kh, kw] = options.size ?? [3, 3];
    const channels = this.builder.shapeOf(input).at(-1) ?? 0;
    return this.builder.depthwiseConv2d(layer, input, {
      // Keras counts the fan-out of the kernel [kh, kw, channels, 1] as its window alone.
      kernel: this.#initialize([1, kh, kw, channels], kh * kw * channels, kh * kw),
      bias: options.bias === false ? undefined : constant([channels], 0),
      strides: options.strides ?? [1, 1],
      padding: options.padding ?? 'same',
      activation: options.activation ?? 'none',
    });
  }

  /** Without padding: of strides as large as its window it multiplies the size by them. */
  transposedConvolution(
    layer: string,
    input: ValueId,
    filters: number,
    { size, strides }: { readonly size: Pair; readonly strides: Pair },
  ): ValueId {
    const channels = this.builder.shapeOf(input).at(-1) ?? 0;
    const [kh, kw] = size;
    return this.builder.transposeConv2d(layer, input, {
      kernel: this.#initialize([filters, kh, kw, channels], kh * kw * channels, kh * kw * filters),
      bias: constant([filters], 0),
      strides,
    });
  }

  dense(layer: string, input: ValueId, units: number, activation: FusedActivation = 'none'): ValueId {
    const width = this.builder.shapeOf(input).at(-1) ?? 0;
    return this.builder.dense(layer, input, {
      kernel: this.#initialize([units, width], width, units),
      bias: constant([units], 0),
      activation,
    });
  }

  batchNorm(layer: string, input: ValueId, options: { readonly epsilon?: number; readonly momentum?: number } = {}): ValueId {
    const channels = this.builder.shapeOf(input).at(-1) ?? 0;
    return this.builder.batchNorm(layer, input, {
      gamma: constant([channels], 1),
      beta: constant([channels], 0),
      mean: constant([channels], 0),
      variance: constant([channels], 1),
      ...options,
    });
  }
}

/** Fans count the weights that lead to one output and from one input. */
type Initializer = (shape: Shape, fanIn: number, fanOut: number) => Parameter;

/** Uniform in `±sqrt(6 / (fanIn + fanOut))`; Glorot & Bengio 2010, equation 16. */
export function glorotUniform(random: Random): Initializer {
  return (shape, fanIn, fanOut) => {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return fill(shape, () => (random.next() * 2 - 1) * limit);
  };
}

/** Normal of variance `2 / fanIn`, cut off at two deviations and rescaled for it; He et al. 2015, arXiv:1502.01852. */
export function heNormal(random: Random): Initializer {
  /** Deviation of a standard normal that is cut off at 2. */
  const truncated = 0.8796256610342398;
  return (shape, fanIn) => {
    const deviation = Math.sqrt(2 / fanIn) / truncated;
    return fill(shape, () => {
      let value = random.normal();
      while (Math.abs(value) > 2) value = random.normal();
      return value * deviation;
    });
  };
}

function constant(shape: Shape, value: number): Parameter {
  return fill(shape, () => value);
}

function fill(shape: Shape, next: () => number): Parameter {
  return { shape, data: Float32Array.from({ length: elementCount(shape) }, next) };
}
