import { GraphBuilder } from './graph-builder.ts';
import type { Parameter, ParameterId, Shape, ValueId } from './network.ts';
import type {
  ActivationFunction,
  BinaryFunction,
  FusedActivation,
  Padding,
  Pair,
  Reduce,
  Resize,
  ResizeCoordinates,
  UnaryFunction,
} from './operations.ts';
import { elementCount } from './shapes/shape.ts';
import { transposedOutput } from './shapes/window.ts';

export interface KernelOptions {
  readonly kernel: Parameter;
  readonly bias?: Parameter | undefined;
  readonly activation?: FusedActivation;
}

export interface WindowOptions {
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly padding?: Padding;
}

export interface BatchNormOptions {
  readonly gamma: Parameter;
  readonly beta: Parameter;
  readonly mean: Parameter;
  readonly variance: Parameter;
  /** Keras's defaults: 1e-3 and 0.99. */
  readonly epsilon?: number;
  readonly momentum?: number;
}

/**
 * Builds a network operation by operation: a method each. Parameters are named `<layer>/<what>`; a layer that is used
 * again keeps its parameters (`<layer>` is then shared).
 */
export class NetworkBuilder extends GraphBuilder {
  /** Kernel `[out, kh, kw, in / groups]`; how many groups there are follows from the kernel. */
  conv2d(layer: string, input: ValueId, options: KernelOptions & WindowOptions): ValueId {
    const groups = (this.shapeOf(input).at(-1) ?? 0) / (options.kernel.shape[3] ?? 0);
    // A kernel of the wrong shape is reported as such, not as a number of groups.
    const whole = Number.isSafeInteger(groups) && (options.kernel.shape[0] ?? 0) % groups === 0 ? groups : 1;
    return this.add(layer, { kind: 'conv2d', inputs: [input], groups: whole, ...this.#kernel(layer, options), ...window(options) });
  }

  /** Kernel `[1, kh, kw, in * multiplier]`. */
  depthwiseConv2d(layer: string, input: ValueId, options: KernelOptions & WindowOptions): ValueId {
    const channels = this.shapeOf(input).at(-1) ?? 0;
    const multiplier = (options.kernel.shape[3] ?? 0) / channels;
    return this.add(layer, { kind: 'depthwiseConv2d', inputs: [input], multiplier, ...this.#kernel(layer, options), ...window(options) });
  }

  /** Kernel `[out, kh, kw, in]`; by default of the size without output padding. */
  transposeConv2d(
    layer: string,
    input: ValueId,
    options: KernelOptions & Omit<WindowOptions, 'dilations'> & { readonly outputSize?: Pair | undefined },
  ): ValueId {
    const { strides, padding } = window(options);
    const [h = 0, w = 0] = this.shapeOf(input);
    const [, kh = 0, kw = 0] = options.kernel.shape;
    const outputSize = options.outputSize ?? transposedOutput([h, w], [kh, kw], strides, padding);
    return this.add(layer, { kind: 'transposeConv2d', inputs: [input], ...this.#kernel(layer, options), strides, padding, outputSize });
  }

  /** Kernel `[out, in]`. */
  dense(layer: string, input: ValueId, options: KernelOptions): ValueId {
    return this.add(layer, { kind: 'dense', inputs: [input], ...this.#kernel(layer, options) });
  }

  batchNorm(layer: string, input: ValueId, options: BatchNormOptions): ValueId {
    const named = (what: 'gamma' | 'beta' | 'mean' | 'variance'): ParameterId => this.parameter(`${layer}/${what}`, options[what]);
    return this.add(layer, {
      kind: 'batchNorm',
      inputs: [input],
      epsilon: options.epsilon ?? 1e-3,
      momentum: options.momentum ?? 0.99,
      gamma: named('gamma'),
      beta: named('beta'),
      mean: named('mean'),
      variance: named('variance'),
    });
  }

  activation(layer: string, input: ValueId, name: ActivationFunction, alpha = 0): ValueId {
    return this.add(layer, { kind: 'activation', inputs: [input], function: name, alpha });
  }

  prelu(layer: string, input: ValueId, alpha: Parameter): ValueId {
    return this.add(layer, { kind: 'prelu', inputs: [input], alpha: this.parameter(`${layer}/alpha`, alpha) });
  }

  unary(layer: string, input: ValueId, name: UnaryFunction): ValueId {
    return this.add(layer, { kind: 'unary', inputs: [input], function: name });
  }

  binary(layer: string, name: BinaryFunction, a: ValueId, b: ValueId, activation: FusedActivation = 'none'): ValueId {
    return this.add(layer, { kind: 'binary', inputs: [a, b], function: name, activation });
  }

  batchMatmul(
    layer: string,
    a: ValueId,
    b: ValueId,
    { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
  ): ValueId {
    return this.add(layer, { kind: 'batchMatmul', inputs: [a, b], transposeA, transposeB });
  }

  /** Scale and offset of length 1 or of the number of channels. `name` distinguishes the rescalings of one layer. */
  rescale(
    layer: string,
    input: ValueId,
    scale: Float32Array,
    offset: Float32Array,
    { name = layer, learned = false }: { readonly name?: string; readonly learned?: boolean } = {},
  ): ValueId {
    return this.add(layer, {
      kind: 'rescale',
      inputs: [input],
      scale: this.parameter(`${name}/scale`, { shape: [scale.length], data: scale }),
      offset: this.parameter(`${name}/offset`, { shape: [offset.length], data: offset }),
      learned,
    });
  }

  /** The parameter is named `<name>/constant`. */
  constant(
    layer: string,
    parameter: Parameter,
    { name = layer, learned = false }: { readonly name?: string; readonly learned?: boolean } = {},
  ): ValueId {
    return this.add(layer, { kind: 'constant', inputs: [], parameter: this.parameter(`${name}/constant`, parameter), learned });
  }

  concat(layer: string, inputs: readonly ValueId[], axis: number): ValueId {
    return this.add(layer, { kind: 'concat', inputs, axis });
  }

  pad(layer: string, input: ValueId, paddings: readonly (readonly [number, number])[], value = 0): ValueId {
    return this.add(layer, { kind: 'pad', inputs: [input], paddings, value });
  }

  crop(layer: string, input: ValueId, begin: Shape, size: Shape, strides: Shape = begin.map(() => 1)): ValueId {
    return this.add(layer, { kind: 'crop', inputs: [input], begin, size, strides });
  }

  pool2d(
    layer: string,
    input: ValueId,
    name: 'max' | 'average',
    size: Pair,
    options: { readonly strides?: Pair; readonly padding?: Padding } = {},
  ): ValueId {
    return this.add(layer, {
      kind: 'pool2d',
      inputs: [input],
      function: name,
      size,
      strides: options.strides ?? size,
      padding: options.padding ?? 'valid',
    });
  }

  globalPool(layer: string, input: ValueId, name: 'max' | 'average', keepDimensions = false): ValueId {
    return this.add(layer, { kind: 'globalPool', inputs: [input], function: name, keepDimensions });
  }

  /** Axes in any order, negative ones from the last; over height and width of an image it is a global pool. */
  reduce(layer: string, input: ValueId, name: Reduce['function'], axes: readonly number[], keepDimensions = false): ValueId {
    const rank = this.shapeOf(input).length;
    const sorted = [...new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
    if (rank === 3 && sorted.join() === '0,1' && (name === 'max' || name === 'mean'))
      return this.globalPool(layer, input, name === 'max' ? 'max' : 'average', keepDimensions);
    return this.add(layer, { kind: 'reduce', inputs: [input], function: name, axes: sorted, keepDimensions });
  }

  reshape(layer: string, input: ValueId, shape: Shape): ValueId {
    return this.add(layer, { kind: 'reshape', inputs: [input] }, shape);
  }

  flatten(layer: string, input: ValueId): ValueId {
    return this.reshape(layer, input, [elementCount(this.shapeOf(input))]);
  }

  permute(layer: string, input: ValueId, order: readonly number[]): ValueId {
    return this.add(layer, { kind: 'permute', inputs: [input], order });
  }

  dropout(layer: string, input: ValueId, rate: number): ValueId {
    return this.add(layer, { kind: 'dropout', inputs: [input], rate });
  }

  /** To a whole multiple of the size, as Keras upsamples. */
  upsample(layer: string, input: ValueId, factor: Pair, interpolation: Resize['interpolation'] = 'nearest'): ValueId {
    const [h = 0, w = 0] = this.shapeOf(input);
    return this.resize(
      layer,
      input,
      [h * factor[0], w * factor[1]],
      interpolation,
      interpolation === 'nearest' ? 'asymmetric' : 'halfPixel',
    );
  }

  resize(layer: string, input: ValueId, size: Pair, interpolation: Resize['interpolation'], coordinates: ResizeCoordinates): ValueId {
    return this.add(layer, { kind: 'resize', inputs: [input], size, interpolation, coordinates });
  }

  depthToSpace(layer: string, input: ValueId, blockSize: number): ValueId {
    return this.add(layer, { kind: 'depthToSpace', inputs: [input], blockSize });
  }

  spaceToDepth(layer: string, input: ValueId, blockSize: number): ValueId {
    return this.add(layer, { kind: 'spaceToDepth', inputs: [input], blockSize });
  }

  /** Table `[rows, width]`. */
  embedding(layer: string, input: ValueId, table: Parameter): ValueId {
    return this.add(layer, { kind: 'embedding', inputs: [input], table: this.parameter(`${layer}/table`, table) });
  }

  #kernel(layer: string, options: KernelOptions): { kernel: ParameterId; bias: ParameterId | undefined; activation: FusedActivation } {
    return {
      kernel: this.parameter(`${layer}/kernel`, options.kernel),
      bias: options.bias === undefined ? undefined : this.parameter(`${layer}/bias`, options.bias),
      activation: options.activation ?? 'none',
    };
  }
}

function window(options: WindowOptions): { strides: Pair; dilations: Pair; padding: Padding } {
  return { strides: options.strides ?? [1, 1], dilations: options.dilations ?? [1, 1], padding: options.padding ?? 'valid' };
}
