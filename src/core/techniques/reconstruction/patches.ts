import type { Network, Parameter, Shape } from '../../network/network.ts';
import type { Conv2d, Dense, DepthwiseConv2d } from '../../network/operations.ts';
import type { KernelOperation } from '../../network/kernel-operations.ts';
import { windowExtent } from '../../network/shapes/window.ts';

/** What a kernel is multiplied with at each position of its output. */
export interface Patches {
  /** Output positions an example has. */
  readonly positions: number;
  /** Values of one patch: the length of a filter. */
  readonly length: number;
  /**
   * @param values the layer's input, of which the example begins at `example`
   * @param into `length` values from `offset` on, in the order of a filter's weights
   */
  read(values: Float32Array, example: number, position: number, into: Float32Array, offset: number): void;
}

/**
 * @param input shape of the layer's input, `[h, w, in]` or `[..., in]`
 * @param kernel `[out, kh, kw, in]` or `[out, in]`
 * @returns undefined where a filter sees only some of the channels
 */
export function patchesOf(operation: Conv2d | Dense, input: Shape, kernel: Shape): Patches | undefined {
  const channels = input.at(-1) ?? 1;
  if (kernel.at(-1) !== channels) return undefined;
  return operation.kind === 'dense' ? rows(input, channels) : windows(operation, input, kernel, channels);
}

/** The patches of a layer of the network; undefined where it is no convolution or dense layer, or a filter sees only some of the channels. */
export function patchesOfKernel(network: Network, operation: KernelOperation, kernel: Parameter): Patches | undefined {
  if (operation.kind !== 'conv2d' && operation.kind !== 'dense') return undefined;
  const [source = ''] = operation.inputs;
  const shape = network.values.get(source)?.shape;
  return shape === undefined ? undefined : patchesOf(operation, shape, kernel.shape);
}

/**
 * The window of a depthwise convolution over all input channels, `[kh, kw, in]`, at each position of its output.
 *
 * @param kernel `[1, kh, kw, in * multiplier]`
 */
export function depthwiseWindows(operation: DepthwiseConv2d, input: Shape, kernel: Shape): Patches {
  return windows(operation, input, kernel, input.at(-1) ?? 1);
}

function rows(input: Shape, length: number): Patches {
  return {
    positions: input.slice(0, -1).reduce((product, size) => product * size, 1),
    length,
    read: (values, example, position, into, offset) => {
      const start = example + position * length;
      for (let i = 0; i < length; i++) into[offset + i] = values[start + i] ?? 0;
    },
  };
}

function windows(
  { strides, dilations, padding }: Pick<Conv2d, 'strides' | 'dilations' | 'padding'>,
  input: Shape,
  kernel: Shape,
  channels: number,
): Patches {
  const [height = 1, width = 1] = input;
  const [, kernelHeight = 1, kernelWidth = 1] = kernel;
  const vertical = windowExtent(height, kernelHeight, strides[0], dilations[0], padding);
  const horizontal = windowExtent(width, kernelWidth, strides[1], dilations[1], padding);
  return {
    positions: vertical.output * horizontal.output,
    length: kernelHeight * kernelWidth * channels,
    read: (values, example, position, into, offset) => {
      const top = Math.floor(position / horizontal.output) * strides[0] - vertical.before;
      const left = (position % horizontal.output) * strides[1] - horizontal.before;
      for (let i = 0; i < kernelHeight; i++) {
        const y = top + i * dilations[0];
        for (let j = 0; j < kernelWidth; j++) {
          const x = left + j * dilations[1];
          const to = offset + (i * kernelWidth + j) * channels;
          if (y < 0 || y >= height || x < 0 || x >= width) {
            into.fill(0, to, to + channels);
            continue;
          }
          const from = example + (y * width + x) * channels;
          for (let c = 0; c < channels; c++) into[to + c] = values[from + c] ?? 0;
        }
      }
    },
  };
}
