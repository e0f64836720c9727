/**
 * The part of a network that XNNPACK can run with sparse kernels. It stores images channels first there, so the part
 * begins at a convolution that reads channels last and ends at a mean over height and width; everything between must
 * have a channels-first kernel. Where an operation has none, XNNPACK runs all of it dense.
 *
 * Source: "Sparse Inference" in the README of TensorFlow Lite's XNNPACK delegate; Elsen et al. 2020, "Fast Sparse
 * ConvNets", arXiv:1911.09723.
 */
import type { Network, ValueId } from '../network.ts';
import type { ActivationFunction, Conv2d, Operation, Pad } from '../operations.ts';
import { hasKernel } from '../kernel-operations.ts';
import { type Uses, usesOf } from '../passes/rewrite.ts';
import { windowPhase, type WindowPhase } from './window-phase.ts';

/** The part and the form in which it must be stored. */
export interface SparsePart {
  /** In the order of the network, paddings included. */
  readonly operations: readonly Operation[];
  readonly head: Conv2d;
  /** Convolutions whose kernels are stored sparse. */
  readonly pointwise: readonly Conv2d[];
  /** The means that end it. */
  readonly tails: ReadonlySet<Operation>;
  /** Windows start where XNNPACK wants them once images and kernels are turned by 180 degrees. */
  readonly turned: boolean;
}

/** An operation that stands in the way. */
export interface SparseObstacle {
  readonly layer: string;
  /** Such as `is a 7x7 convolution with stride 2`, to follow the layer's name. */
  readonly what: string;
}

export type SparsePartSearch =
  | { readonly part: SparsePart; readonly obstacles: readonly [] }
  | { readonly part: undefined; readonly obstacles: readonly SparseObstacle[] };

/** Element-wise functions with a channels-first kernel in every release of XNNPACK; swish is a sigmoid and a product. */
const elementWise: ReadonlySet<ActivationFunction> = new Set(['relu', 'relu6', 'leakyRelu', 'elu', 'sigmoid', 'hardSwish', 'swish']);

/**
 * Finds the part in a network that `prepareForDeployment` gave.
 *
 * @returns the part, or every operation that stands in the way
 */
export function findSparsePart(network: Network): SparsePartSearch {
  const head = network.operations.find(isHead(network));
  if (head === undefined) return { part: undefined, obstacles: [missingHead(network)] };
  return new Walk(network, head).run();
}

function isHead(network: Network): (operation: Operation) => operation is Conv2d {
  return (operation): operation is Conv2d =>
    operation.kind === 'conv2d' &&
    kernelShape(network, operation).slice(1).join() === '3,3,3' &&
    operation.strides.join() === '2,2' &&
    operation.dilations.join() === '1,1' &&
    operation.groups === 1;
}

function missingHead(network: Network): SparseObstacle {
  const needed = 'and sparse inference begins at a 3x3 convolution with stride 2 on 3 channels';
  const first = network.operations.find(hasKernel);
  return first === undefined
    ? { layer: network.name, what: `has no convolution, ${needed}` }
    : { layer: first.layer, what: `${describe(network, first)}, ${needed}` };
}

class Walk {
  readonly #network: Network;
  readonly #uses: Uses;
  readonly #head: Conv2d;
  /** Values that are stored channels first. */
  readonly #inside = new Set<ValueId>();
  readonly #operations: Operation[] = [];
  readonly #obstacles: SparseObstacle[] = [];
  readonly #phases: { readonly layer: string; readonly phase: WindowPhase }[] = [];
  readonly #tails = new Set<Operation>();

  constructor(network: Network, head: Conv2d) {
    this.#network = network;
    this.#uses = usesOf(network);
    this.#head = head;
  }

  run(): SparsePartSearch {
    this.#enterHead();
    for (const operation of this.#network.operations) {
      if (operation === this.#head || !operation.inputs.some((id) => this.#inside.has(id))) continue;
      const obstacle = this.#obstacleOf(operation);
      if (obstacle !== undefined) this.#obstacles.push({ layer: operation.layer, what: obstacle });
      else this.#operations.push(operation);
    }
    for (const output of this.#network.outputs) {
      const layer = this.#uses.producer(output)?.layer ?? output;
      if (this.#inside.has(output))
        this.#obstacles.push({ layer, what: 'is an output, and sparse inference ends at a global average pooling' });
    }
    const pointwise = this.#operations.filter((operation): operation is Conv2d => operation.kind === 'conv2d' && operation !== this.#head);
    if (this.#obstacles.length === 0 && (pointwise.length === 0 || this.#tails.size === 0)) {
      const missing = pointwise.length === 0 ? 'has no 1x1 convolution after it' : 'has no global average pooling after it';
      this.#obstacles.push({ layer: this.#head.layer, what: missing });
    }
    const turned = this.#phases.some(({ phase }) => !phase.upright);
    if (turned) this.#checkTurned();
    if (this.#obstacles.length > 0) return { part: undefined, obstacles: this.#obstacles };
    return { part: { operations: this.#operations, head: this.#head, pointwise, tails: this.#tails, turned }, obstacles: [] };
  }

  #enterHead(): void {
    const pad = paddingBefore(this.#uses, this.#head);
    const phase = windowPhase(this.#network, this.#head, pad);
    if (phase.upright || phase.turned) this.#phases.push({ layer: this.#head.layer, phase });
    else
      this.#obstacles.push({ layer: this.#head.layer, what: 'does not pad its image by 1 on every side, or by what "same" padding adds' });
    if (pad !== undefined) this.#operations.push(pad);
    this.#operations.push(this.#head);
    this.#inside.add(this.#head.output);
  }

  /** One orientation must fit all windows; the message names those that fit the fewest. */
  #checkTurned(): void {
    const misfits = (fits: (phase: WindowPhase) => boolean): readonly string[] =>
      this.#phases.flatMap(({ layer, phase }) => (fits(phase) ? [] : [layer]));
    const turned = misfits((phase) => phase.turned);
    if (turned.length === 0) return this.#checkSharedKernels();
    const upright = misfits((phase) => phase.upright);
    const named = turned.length <= upright.length ? turned : upright;
    for (const layer of named)
      this.#obstacles.push({
        layer,
        what: 'pads its image on other sides than the other strided convolutions do; sparse kernels need all alike',
      });
  }

  /** A turned kernel can only serve images that are turned. */
  #checkSharedKernels(): void {
    for (const operation of this.#operations) {
      if (operation.kind !== 'conv2d' && operation.kind !== 'depthwiseConv2d') continue;
      const users = this.#operations.filter((other) => 'kernel' in other && other.kernel === operation.kernel);
      if (users.length < this.#uses.parameterUsers(operation.kernel))
        this.#obstacles.push({ layer: operation.layer, what: 'shares its kernel with a layer that cannot run sparse' });
    }
  }

  /** Undefined where the operation has a channels-first kernel. */
  #obstacleOf(operation: Operation): string | undefined {
    const outside = operation.inputs.find((id) => !this.#inside.has(id));
    switch (operation.kind) {
      case 'conv2d': {
        const pointwise = kernelShape(this.#network, operation).slice(1, 3).join() === '1,1' && operation.groups === 1;
        if (!pointwise || operation.strides.join() !== '1,1' || paddingBefore(this.#uses, operation) !== undefined)
          return `${describe(this.#network, operation)}; between, only 1x1 convolutions without stride and padding have sparse kernels`;
        return this.#enter(operation);
      }
      case 'depthwiseConv2d': {
        const [, height = 0, width = 0] = kernelShape(this.#network, operation);
        const [rows, columns] = operation.strides;
        const fits = height === width && (height === 3 || height === 5) && rows === columns && rows <= 2;
        const phase = windowPhase(this.#network, operation, paddingBefore(this.#uses, operation));
        if (!fits || operation.multiplier !== 1 || operation.dilations.join() !== '1,1' || (!phase.upright && !phase.turned))
          return `${describe(this.#network, operation)}; of depthwise convolutions, only 3x3 and 5x5 with stride 1 or 2 and "same" padding run channels first`;
        this.#phases.push({ layer: operation.layer, phase });
        return this.#enter(operation);
      }
      case 'pad': {
        const reader = this.#uses.soleConsumer(operation.output);
        return reader !== undefined && paddingBefore(this.#uses, reader) === operation
          ? this.#enter(operation)
          : 'pads an image apart from a convolution';
      }
      case 'activation':
        return elementWise.has(operation.function) ? this.#enter(operation) : `computes ${operation.function}, which has no such kernel`;
      case 'binary':
        if (operation.function !== 'add' && operation.function !== 'mul')
          return `computes ${operation.function}; only sums and products have such kernels`;
        return outside === undefined ? this.#enter(operation) : 'combines a value with one from elsewhere';
      case 'globalPool':
        if (operation.function !== 'average') return 'is a global max pooling; sparse inference ends at an average';
        return this.#enterPool(operation);
      default:
        return `is of the kind ${operation.kind}; sparse inference ends at a global average pooling, before anything of this kind`;
    }
  }

  #enter(operation: Operation): undefined {
    this.#inside.add(operation.output);
    return undefined;
  }

  /** A mean ends the part, unless it computes the factors of channels (squeeze and excitation). */
  #enterPool(operation: Extract<Operation, { readonly kind: 'globalPool' }>): string | undefined {
    if (!this.#returns(operation.output)) {
      this.#tails.add(operation);
      return undefined;
    }
    return operation.keepDimensions ? this.#enter(operation) : 'computes factors of channels without keeping height and width of 1';
  }

  /** Whether what follows from a value meets a value inside again. */
  #returns(value: ValueId): boolean {
    const reached = new Set([value]);
    return this.#network.operations.some((operation) => {
      if (!operation.inputs.some((id) => reached.has(id))) return false;
      reached.add(operation.output);
      return operation.inputs.some((id) => !reached.has(id) && this.#inside.has(id));
    });
  }
}

/** The zeros around the image that a convolution with VALID padding reads, which a kernel adds by itself. */
export function paddingBefore(uses: Uses, operation: Operation): Pad | undefined {
  if ((operation.kind !== 'conv2d' && operation.kind !== 'depthwiseConv2d') || operation.padding !== 'valid') return undefined;
  const pad = uses.producer(operation.inputs[0] ?? '');
  if (pad?.kind !== 'pad' || pad.value !== 0 || pad.paddings.length !== 3 || uses.soleConsumer(pad.output) !== operation) return undefined;
  return pad.paddings[2]?.every((n) => n === 0) === true ? pad : undefined;
}

/** The share of zeros in the kernels that XNNPACK counts, 0 to 1. */
export function zerosOfPart(network: Network, { pointwise }: SparsePart): { readonly zeros: number; readonly weights: number } {
  const kernels = [...new Set(pointwise.map(({ kernel }) => kernel))].map((id) => network.parameters.get(id)?.data ?? new Float32Array());
  return {
    zeros: kernels.reduce((sum, data) => sum + data.reduce((count, weight) => count + (weight === 0 ? 1 : 0), 0), 0),
    weights: kernels.reduce((sum, data) => sum + data.length, 0),
  };
}

/** XNNPACK takes its sparse kernels where more than two thirds of the weights are zero. */
export function hasEnoughZeros({ zeros, weights }: { readonly zeros: number; readonly weights: number }): boolean {
  return zeros * 3 > weights * 2;
}

function kernelShape(network: Network, operation: { readonly kernel: string }): readonly number[] {
  return network.parameters.get(operation.kernel)?.shape ?? [];
}

const kindNames: Readonly<Record<string, string>> = {
  conv2d: 'convolution',
  depthwiseConv2d: 'depthwise convolution',
  transposeConv2d: 'transposed convolution',
};

function describe(network: Network, operation: Extract<Operation, { readonly kernel: string }>): string {
  if (operation.kind === 'dense') return 'is a dense layer';
  const shape = kernelShape(network, operation);
  const [rows, columns] = operation.strides;
  const grouped = operation.kind === 'conv2d' && operation.groups > 1 ? ` in ${operation.groups} groups` : '';
  const size = `${shape[1] ?? 0}x${shape[2] ?? 0}`;
  return `is a ${size} ${kindNames[operation.kind] ?? operation.kind} with stride ${rows === columns ? rows : `${rows}x${columns}`} on ${inputChannels(network, operation)} channels${grouped}`;
}

function inputChannels(network: Network, operation: Operation): number {
  return network.values.get(operation.inputs[0] ?? '')?.shape.at(-1) ?? 0;
}
