/**
 * Runs a network in plain loops and double precision: clear, slow, and independent of every engine and runtime, so
 * that they can be checked against it.
 */
import type { Network, Shape, ValueId } from '../../../src/core/network/network.ts';
import type {
  Activation,
  BinaryFunction,
  FusedActivation,
  Operation,
  Padding,
  Reduce,
  UnaryFunction,
} from '../../../src/core/network/operations.ts';

type Data = Float64Array;
interface Tensor {
  readonly shape: Shape;
  readonly data: Data;
}
/** Of any precision, so that small differences in parameters can be followed. */
interface Parameter {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}
/** A network, or one whose parameters have been replaced by more precise ones. */
export type ExecutableNetwork = Omit<Network, 'parameters'> & { readonly parameters: ReadonlyMap<string, Parameter> };

/** Every value of the network for one example; inputs in the network's order, without a batch axis. */
export function executeNetwork(network: ExecutableNetwork, inputs: readonly ArrayLike<number>[]): ReadonlyMap<ValueId, Data> {
  const values = new Map<ValueId, Data>();
  network.inputs.forEach((id, index) => values.set(id, Float64Array.from(inputs[index]!)));
  for (const operation of network.operations) {
    const tensors = operation.inputs.map((id): Tensor => ({ shape: network.values.get(id)!.shape, data: values.get(id)! }));
    const parameter = (id: string): Parameter => network.parameters.get(id)!;
    values.set(operation.output, run(operation, tensors, parameter, network.values.get(operation.output)!.shape));
  }
  return values;
}

/** The outputs alone. */
export function referenceOutputs(network: ExecutableNetwork, inputs: readonly ArrayLike<number>[]): readonly Data[] {
  const values = executeNetwork(network, inputs);
  return network.outputs.map((output) => values.get(output)!);
}

function run(operation: Operation, inputs: readonly Tensor[], parameter: (id: string) => Parameter, shape: Shape): Data {
  const x = inputs[0] ?? { shape: [], data: new Float64Array() };
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1));
  switch (operation.kind) {
    case 'conv2d': {
      const {
        shape: [channels = 0, kh = 0, kw = 0, depth = 0],
        data: kernel,
      } = parameter(operation.kernel);
      const bias = operation.bias === undefined ? undefined : parameter(operation.bias).data;
      forWindows(x.shape, shape, [kh, kw], operation.strides, operation.dilations, operation.padding, (outAt, window) => {
        for (let o = 0; o < channels; o++) {
          let sum = bias?.[o] ?? 0;
          const first = Math.floor(o / (channels / operation.groups)) * depth;
          for (const { at, tap } of window)
            for (let c = 0; c < depth; c++) sum += x.data[at + first + c]! * kernel[(o * kh * kw + tap) * depth + c]!;
          out[outAt + o] = fused(sum, operation.activation);
        }
      });
      return out;
    }
    case 'depthwiseConv2d': {
      const {
        shape: [, kh = 0, kw = 0, channels = 0],
        data: kernel,
      } = parameter(operation.kernel);
      const bias = operation.bias === undefined ? undefined : parameter(operation.bias).data;
      forWindows(x.shape, shape, [kh, kw], operation.strides, operation.dilations, operation.padding, (outAt, window) => {
        for (let o = 0; o < channels; o++) {
          let sum = bias?.[o] ?? 0;
          for (const { at, tap } of window) sum += x.data[at + Math.floor(o / operation.multiplier)]! * kernel[tap * channels + o]!;
          out[outAt + o] = fused(sum, operation.activation);
        }
      });
      return out;
    }
    case 'transposeConv2d': {
      const {
        shape: [channels = 0, kh = 0, kw = 0, depth = 0],
        data: kernel,
      } = parameter(operation.kernel);
      const [h = 0, w = 0] = x.shape;
      const [oh = 0, ow = 0] = shape;
      const [sh, sw] = operation.strides;
      // The transposed convolution is the gradient of a convolution from [oh, ow] to [h, w]: it has that one's padding.
      const top = operation.padding === 'same' ? Math.floor(Math.max((h - 1) * sh + kh - oh, 0) / 2) : 0;
      const left = operation.padding === 'same' ? Math.floor(Math.max((w - 1) * sw + kw - ow, 0) / 2) : 0;
      for (let y = 0; y < h; y++)
        for (let i = 0; i < w; i++)
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const oy = y * sh + ky - top;
              const ox = i * sw + kx - left;
              if (oy < 0 || oy >= oh || ox < 0 || ox >= ow) continue;
              for (let o = 0; o < channels; o++)
                for (let c = 0; c < depth; c++) {
                  out[(oy * ow + ox) * channels + o]! += x.data[(y * w + i) * depth + c]! * kernel[((o * kh + ky) * kw + kx) * depth + c]!;
                }
            }
      const bias = operation.bias === undefined ? undefined : parameter(operation.bias).data;
      return out.map((v, i) => fused(v + (bias?.[i % channels] ?? 0), operation.activation));
    }
    case 'dense': {
      const {
        shape: [units = 0, depth = 0],
        data: kernel,
      } = parameter(operation.kernel);
      const bias = operation.bias === undefined ? undefined : parameter(operation.bias).data;
      return out.map((_, i) => {
        const row = Math.floor(i / units) * depth;
        let sum = bias?.[i % units] ?? 0;
        for (let c = 0; c < depth; c++) sum += x.data[row + c]! * kernel[(i % units) * depth + c]!;
        return fused(sum, operation.activation);
      });
    }
    case 'batchNorm': {
      const [gamma, beta, mean, variance] = [operation.gamma, operation.beta, operation.mean, operation.variance].map(
        (id) => parameter(id).data,
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      return x.data.map((v, i) => {
        const c = i % gamma.length;
        return (gamma[c]! * (v - mean[c]!)) / Math.sqrt(variance[c]! + operation.epsilon) + beta[c]!;
      });
    }
    case 'rescale': {
      const [scale, offset] = [parameter(operation.scale).data, parameter(operation.offset).data];
      return x.data.map((v, i) => v * scale[i % scale.length]! + offset[i % offset.length]!);
    }
    case 'prelu': {
      const alpha = parameter(operation.alpha);
      return x.data.map((v, i) => (v >= 0 ? v : v * alpha.data[broadcastIndex(i, shape, alpha.shape)]!));
    }
    case 'activation':
      if (operation.function === 'softmax') return softmax(x);
      if (operation.function === 'l2Normalize') return l2Normalize(x);
      return operation.function === 'logSoftmax' ? softmax(x).map(Math.log) : x.data.map((v) => activate(v, operation));
    case 'unary':
      return x.data.map((v) => unaryFunctions[operation.function](v));
    case 'binary': {
      const y = inputs[1]!;
      return out.map((_, i) => {
        const a = x.data[broadcastIndex(i, shape, x.shape)]!;
        const b = y.data[broadcastIndex(i, shape, y.shape)]!;
        return fused(binaryFunctions[operation.function](a, b), operation.activation);
      });
    }
    case 'batchMatmul': {
      const y = inputs[1]!;
      const inner = x.shape.at(operation.transposeA ? -2 : -1)!;
      return out.map((_, i) => {
        const position = unravel(i, shape);
        const [row, column] = position.slice(-2);
        const element = (of: Tensor, r: number, c: number): number => {
          const leading = position.slice(0, -2).slice(shape.length - of.shape.length);
          return of.data[ravel([...leading.map((p, axis) => (of.shape[axis] === 1 ? 0 : p)), r, c], of.shape)]!;
        };
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum +=
            (operation.transposeA ? element(x, k, row!) : element(x, row!, k)) *
            (operation.transposeB ? element(y, column!, k) : element(y, k, column!));
        return sum;
      });
    }
    case 'constant':
      return Float64Array.from(parameter(operation.parameter).data);
    case 'concat': {
      const inner = shape.slice(operation.axis + 1).reduce((a, b) => a * b, 1);
      const outer = shape.slice(0, operation.axis).reduce((a, b) => a * b, 1);
      let at = 0;
      for (let o = 0; o < outer; o++)
        for (const input of inputs) {
          const chunk = input.shape[operation.axis]! * inner;
          out.set(input.data.subarray(o * chunk, (o + 1) * chunk), at);
          at += chunk;
        }
      return out;
    }
    case 'pad':
      return out.map((_, i) => {
        const position = unravel(i, shape).map((p, axis) => p - operation.paddings[axis]![0]);
        return position.every((p, axis) => p >= 0 && p < x.shape[axis]!) ? x.data[ravel(position, x.shape)]! : operation.value;
      });
    case 'crop':
      return out.map(
        (_, i) =>
          x.data[
            ravel(
              unravel(i, shape).map((p, axis) => p * operation.strides[axis]! + operation.begin[axis]!),
              x.shape,
            )
          ]!,
      );
    case 'pool2d': {
      const channels = shape[2]!;
      forWindows(x.shape, shape, operation.size, operation.strides, [1, 1], operation.padding, (outAt, window) => {
        for (let c = 0; c < channels; c++) {
          const taps = window.map(({ at }) => x.data[at + c]!);
          out[outAt + c] = operation.function === 'max' ? Math.max(...taps) : taps.reduce((a, b) => a + b, 0) / taps.length;
        }
      });
      return out;
    }
    case 'globalPool': {
      const channels = x.shape[2]!;
      const count = x.data.length / channels;
      return out.map((_, c) => {
        const taps = Array.from({ length: count }, (__, i) => x.data[i * channels + c]!);
        return operation.function === 'max' ? Math.max(...taps) : taps.reduce((a, b) => a + b, 0) / count;
      });
    }
    case 'reduce': {
      const members = Array.from(out, (): number[] => []);
      x.data.forEach((v, i) => {
        const position = unravel(i, x.shape).flatMap((p, axis) =>
          operation.axes.includes(axis) ? (operation.keepDimensions ? [0] : []) : [p],
        );
        members[ravel(position, shape)]!.push(v);
      });
      return out.map((_, i) => reductions[operation.function](members[i]!));
    }
    case 'reshape':
    case 'dropout':
    case 'requantize':
      return x.data.slice();
    case 'permute':
      return out.map((_, i) => {
        const source = new Array<number>(shape.length).fill(0);
        unravel(i, shape).forEach((p, axis) => {
          source[operation.order[axis]!] = p;
        });
        return x.data[ravel(source, x.shape)]!;
      });
    case 'resize': {
      const [h = 0, w = 0, c = 0] = x.shape;
      const [oh = 0, ow = 0] = shape;
      const { interpolation, coordinates } = operation;
      return out.map((_, i) => {
        const [oy = 0, ox = 0, channel = 0] = unravel(i, shape);
        const read = (yy: number, xx: number): number =>
          x.data[(Math.min(Math.max(yy, 0), h - 1) * w + Math.min(Math.max(xx, 0), w - 1)) * c + channel]!;
        // Pixel centres lie at half numbers: where the centre of the result falls in the source.
        const source = (at: number, from: number, to: number): number =>
          coordinates === 'alignCorners'
            ? to === 1
              ? 0
              : (at * (from - 1)) / (to - 1)
            : coordinates === 'asymmetric'
              ? (at * from) / to
              : ((at + 0.5) * from) / to;
        const [sy, sx] = [source(oy, h, oh), source(ox, w, ow)];
        if (interpolation === 'nearest')
          return coordinates === 'alignCorners' ? read(Math.round(sy), Math.round(sx)) : read(Math.floor(sy), Math.floor(sx));
        const shift = coordinates === 'halfPixel' ? 0.5 : 0;
        const [y0, x0] = [Math.floor(sy - shift), Math.floor(sx - shift)];
        const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
        const [ty, tx] = [sy - shift - y0, sx - shift - x0];
        return mix(mix(read(y0, x0), read(y0, x0 + 1), tx), mix(read(y0 + 1, x0), read(y0 + 1, x0 + 1), tx), ty);
      });
    }
    case 'depthToSpace': {
      const b = operation.blockSize;
      return out.map((_, i) => {
        const [y = 0, w = 0, c = 0] = unravel(i, shape);
        return x.data[ravel([Math.floor(y / b), Math.floor(w / b), ((y % b) * b + (w % b)) * shape[2]! + c], x.shape)]!;
      });
    }
    case 'spaceToDepth': {
      const b = operation.blockSize;
      return out.map((_, i) => {
        const [y = 0, w = 0, c = 0] = unravel(i, shape);
        const [block, channel] = [Math.floor(c / x.shape[2]!), c % x.shape[2]!];
        return x.data[ravel([y * b + Math.floor(block / b), w * b + (block % b), channel], x.shape)]!;
      });
    }
    case 'embedding': {
      const {
        shape: [, width = 0],
        data: table,
      } = parameter(operation.table);
      return out.map((_, i) => table[x.data[Math.floor(i / width)]! * width + (i % width)]!);
    }
  }
}

const unaryFunctions: Readonly<Record<UnaryFunction, (x: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
};

const binaryFunctions: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  pow: Math.pow,
};

const reductions: Readonly<Record<Reduce['function'], (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
};

interface Tap {
  readonly at: number;
  readonly tap: number;
}

/** Calls back with the flat positions (channel 0) that each window covers inside of the image. */
function forWindows(
  input: Shape,
  output: Shape,
  size: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number],
  padding: Padding,
  each: (outAt: number, window: readonly Tap[]) => void,
): void {
  const [h = 0, w = 0, c = 0] = input;
  const [oh = 0, ow = 0, oc = 0] = output;
  const before = (axis: 0 | 1, length: number, outLength: number): number =>
    padding === 'valid'
      ? 0
      : Math.floor(Math.max((outLength - 1) * strides[axis] + (size[axis] - 1) * dilations[axis] + 1 - length, 0) / 2);
  const [top, left] = [before(0, h, oh), before(1, w, ow)];
  for (let y = 0; y < oh; y++)
    for (let x = 0; x < ow; x++) {
      const window: Tap[] = [];
      for (let ky = 0; ky < size[0]; ky++)
        for (let kx = 0; kx < size[1]; kx++) {
          const iy = y * strides[0] + ky * dilations[0] - top;
          const ix = x * strides[1] + kx * dilations[1] - left;
          if (iy >= 0 && iy < h && ix >= 0 && ix < w) window.push({ at: (iy * w + ix) * c, tap: ky * size[1] + kx });
        }
      each((y * ow + x) * oc, window);
    }
}

function fused(value: number, activation: FusedActivation): number {
  return activation === 'none' ? value : activation === 'relu' ? Math.max(value, 0) : Math.min(Math.max(value, 0), 6);
}

function activate(x: number, { function: name, alpha }: Activation): number {
  switch (name) {
    case 'relu':
      return Math.max(x, 0);
    case 'relu6':
      return Math.min(Math.max(x, 0), 6);
    case 'leakyRelu':
      return x >= 0 ? x : alpha * x;
    case 'elu':
      return x >= 0 ? x : alpha * Math.expm1(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh(x);
    case 'hardSwish':
      return (x * Math.min(Math.max(x + 3, 0), 6)) / 6;
    case 'swish':
      return x / (1 + Math.exp(-x));
    case 'gelu':
      return alpha === 1
        ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
        : 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'softplus':
      return Math.log1p(Math.exp(x));
    case 'softsign':
      return x / (1 + Math.abs(x));
    case 'mish':
      return x * Math.tanh(Math.log1p(Math.exp(x)));
    case 'celu':
      return x >= 0 ? x : alpha * Math.expm1(x / alpha);
    case 'erf':
      return erf(x);
    case 'softmax':
    case 'logSoftmax':
    case 'l2Normalize':
      throw new Error(`${name} is no function of one element`);
  }
}

/** Taylor series up to 3, beyond it the continued fraction of erfc: both to 1e-12. */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

function softmax(x: Tensor): Data {
  const width = x.shape.at(-1)!;
  const out = new Float64Array(x.data.length);
  for (let row = 0; row < out.length; row += width) {
    const logits = x.data.subarray(row, row + width);
    const highest = Math.max(...logits);
    const powers = logits.map((v) => Math.exp(v - highest));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((p, i) => {
      out[row + i] = p / sum;
    });
  }
  return out;
}

function l2Normalize(x: Tensor): Data {
  const width = x.shape.at(-1)!;
  return x.data.map((value, i) => {
    const row = x.data.subarray(i - (i % width), i - (i % width) + width);
    return value / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
  });
}

function unravel(index: number, shape: Shape): number[] {
  const position = new Array<number>(shape.length).fill(0);
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    position[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return position;
}

function ravel(position: readonly number[], shape: Shape): number {
  return position.reduce((index, p, axis) => index * shape[axis]! + p, 0);
}

function broadcastIndex(index: number, shape: Shape, source: Shape): number {
  const position = unravel(index, shape).slice(shape.length - source.length);
  return ravel(
    position.map((p, axis) => (source[axis] === 1 ? 0 : p)),
    source,
  );
}
