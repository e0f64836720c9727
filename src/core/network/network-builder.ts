import { EspalierError } from '../errors.ts';
import type { Network, Parameter, ParameterId, Shape, Value, ValueId } from './network.ts';
import type {
  ActivationFunction,
  BinaryFunction,
  FusedActivation,
  Operation,
  Padding,
  Pair,
  Reduce,
  Resize,
  ResizeCoordinates,
  UnaryFunction,
} from './operations.ts';
import { inferOutputShape } from './shapes/infer-output-shape.ts';
import { elementCount, formatShape, sameShape } from './shapes/shape.ts';
import { transposedOutput } from './shapes/window.ts';

/** Everything of an operation but what the builder fills in: its unique name, its layer and its output. */
export type OperationDescription = Operation extends infer O ? (O extends Operation ? Omit<O, 'name' | 'layer' | 'output'> : never) : never;

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

/** Larger tensors do not occur in networks for devices, but damaged files may ask for them. */
const largestTensor = 2 ** 31 - 1;

/** Ten times what the largest published networks have; a model that calls itself again and again has more. */
export const mostOperations = 20_000;

/**
 * Builds a network operation by operation, in topological order, with shapes inferred and checked at once. Parameters
 * are named `<layer>/<what>`; a layer that is used again keeps its parameters (`<layer>` is then shared).
 */
export class NetworkBuilder {
  readonly #name: string;
  readonly #inputs: ValueId[] = [];
  readonly #values = new Map<ValueId, Value>();
  readonly #operations: Operation[] = [];
  readonly #parameters = new Map<ParameterId, Parameter>();
  readonly #names = new Set<string>();
  /** Of names that were wanted again: the number to try next. */
  readonly #numbers = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Shapes leave the batch out. */
  input(shape: Shape, name = 'input'): ValueId {
    const id = this.#uniqueName(name);
    this.#checkShape(shape, `input "${id}"`);
    this.#values.set(id, { shape });
    this.#inputs.push(id);
    return id;
  }

  shapeOf(id: ValueId): Shape {
    const value = this.#values.get(id);
    if (value === undefined) throw new EspalierError('invalid-model', `value "${id}" is not part of the network`);
    return value.shape;
  }

  /** Adds a parameter, or finds it again when a layer is reused: the same array, or one of the same numbers. */
  parameter(id: ParameterId, parameter: Parameter): ParameterId {
    const known = this.#parameters.get(id);
    if (known !== undefined && !sameNumbers(known, parameter))
      throw new EspalierError('invalid-model', `two different parameters are named "${id}"`);
    if (parameter.data.length !== elementCount(parameter.shape)) {
      throw new EspalierError(
        'invalid-model',
        `parameter "${id}" has ${parameter.data.length} elements, its shape ${formatShape(parameter.shape)} needs ${elementCount(parameter.shape)}`,
      );
    }
    this.#parameters.set(id, parameter);
    return id;
  }

  /** Adds any operation; `declared` is the target of a reshape. */
  add(layer: string, description: OperationDescription, declared?: Shape): ValueId {
    if (this.#operations.length >= mostOperations)
      throw new EspalierError('unsupported-model', `has more than ${mostOperations} operations`, {
        where: `layer "${layer}"`,
        fix: 'give a smaller network: one of so many operations does not run on a device',
      });
    const name = this.#uniqueName(layer);
    const operation: Operation = { ...description, name, layer, output: name };
    const shape = inferOutputShape(operation, {
      inputs: operation.inputs.map((id) => this.shapeOf(id)),
      declared,
      parameter: (id) => {
        const parameter = this.#parameters.get(id);
        if (parameter === undefined)
          throw new EspalierError('invalid-model', `parameter "${id}" is missing`, { where: `layer "${layer}"` });
        return parameter.shape;
      },
    });
    this.#checkShape(shape, `layer "${layer}"`);
    this.#values.set(name, { shape });
    this.#operations.push(operation);
    return name;
  }

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

  build(outputs: readonly ValueId[]): Network {
    for (const output of outputs) this.shapeOf(output);
    return {
      name: this.#name,
      inputs: this.#inputs,
      outputs,
      values: this.#values,
      operations: this.#operations,
      parameters: this.#parameters,
    };
  }

  #kernel(layer: string, options: KernelOptions): { kernel: ParameterId; bias: ParameterId | undefined; activation: FusedActivation } {
    return {
      kernel: this.parameter(`${layer}/kernel`, options.kernel),
      bias: options.bias === undefined ? undefined : this.parameter(`${layer}/bias`, options.bias),
      activation: options.activation ?? 'none',
    };
  }

  #uniqueName(wanted: string): string {
    let name = wanted;
    let number = this.#numbers.get(wanted) ?? 1;
    for (; this.#names.has(name); number++) name = `${wanted}_${number}`;
    this.#numbers.set(wanted, number);
    this.#names.add(name);
    return name;
  }

  #checkShape(shape: Shape, where: string): void {
    if (!shape.every((length) => Number.isSafeInteger(length) && length > 0) || elementCount(shape) > largestTensor) {
      throw new EspalierError(
        'invalid-model',
        `shape ${formatShape(shape)} is not one of positive lengths and at most ${largestTensor} elements`,
        { where },
      );
    }
  }
}

function sameNumbers(a: Parameter, b: Parameter): boolean {
  return a.data === b.data || (sameShape(a.shape, b.shape) && a.data.every((value, i) => value === b.data[i]));
}

function window(options: WindowOptions): { strides: Pair; dilations: Pair; padding: Padding } {
  return { strides: options.strides ?? [1, 1], dilations: options.dilations ?? [1, 1], padding: options.padding ?? 'valid' };
}
