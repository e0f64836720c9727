import type { Tensor } from '../program.ts';
import { convolutionShape, depthwiseShape, type DepthwiseWindow, type Window } from '../shapes.ts';
import type { Emitter } from './emitter.ts';

/** Convolutions and pooling over two-dimensional windows, with their gradients. */
export function windows({ emit }: Emitter) {
  return {
    /** x `[n, c, h, w]`, filter `[o, c / groups, kh, kw]` -> `[n, o, h', w']`. */
    conv2d(x: Tensor, filter: Tensor, window: Window): Tensor {
      return emit(convolutionShape(x.shape, filter.shape, window), 'float32', (output) => ({
        op: 'conv2d',
        x,
        filter,
        ...window,
        output,
      }));
    },

    /** The gradient of `conv2d` by its input, of `shape` `[n, c, h, w]`; `x` is the gradient of its output. */
    convTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: Window): Tensor {
      const forward = convolutionShape(shape, filter.shape, window);
      if (forward.join() !== x.shape.join())
        throw new RangeError(
          `convTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
        );
      return emit(shape, 'float32', (output) => ({ op: 'convTranspose2d', x, filter, ...window, output }));
    },

    /** The gradient of `conv2d` by its filter, of `shape` `[o, c / groups, kh, kw]`; `g` is the gradient of its output. */
    conv2dFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: Window): Tensor {
      const forward = convolutionShape(x.shape, shape, window);
      if (forward.join() !== g.shape.join())
        throw new RangeError(`conv2dFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
      return emit(shape, 'float32', (output) => ({ op: 'conv2dFilterGradient', x, g, ...window, output }));
    },

    /** Each channel with its own filter: x `[c, n, h, w]`, filter `[c, kh, kw]` -> `[c, n, h', w']`. */
    depthwiseConv2d(x: Tensor, filter: Tensor, window: DepthwiseWindow): Tensor {
      return emit(depthwiseShape(x.shape, filter.shape, window), 'float32', (output) => ({
        op: 'depthwiseConv2d',
        x,
        filter,
        ...window,
        output,
      }));
    },

    /** The gradient of `depthwiseConv2d` by its input, of `shape` `[c, n, h, w]`; `x` is the gradient of its output. */
    depthwiseConvTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
      const forward = depthwiseShape(shape, filter.shape, window);
      if (forward.join() !== x.shape.join())
        throw new RangeError(
          `depthwiseConvTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
        );
      return emit(shape, 'float32', (output) => ({ op: 'depthwiseConvTranspose2d', x, filter, ...window, output }));
    },

    /** The gradient of `depthwiseConv2d` by its filter, of `shape` `[c, kh, kw]`; `g` is the gradient of its output. */
    depthwiseFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
      const forward = depthwiseShape(x.shape, shape, window);
      if (forward.join() !== g.shape.join())
        throw new RangeError(`depthwiseFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
      return emit(shape, 'float32', (output) => ({ op: 'depthwiseFilterGradient', x, g, ...window, output }));
    },

    /** The maximum of each window: x `[n, c, h, w]` -> `[n, c, h', w']`; size and strides are `[h, w]`, pads `[top, left, bottom, right]`. */
    maxPool2d(
      x: Tensor,
      size: readonly [number, number],
      strides: readonly [number, number],
      pads: readonly [number, number, number, number],
    ): Tensor {
      const channels = x.shape[1] ?? 0;
      const shape = convolutionShape(x.shape, [channels, 1, size[0], size[1]], { strides, pads, dilations: [1, 1], groups: channels });
      return emit(shape, 'float32', (output) => ({ op: 'maxPool2d', x, size, strides, pads, output }));
    },

    /** The gradient of `maxPool2d` by its input `x`; `g` is the gradient of its output. */
    maxPool2dGradient(
      x: Tensor,
      g: Tensor,
      size: readonly [number, number],
      strides: readonly [number, number],
      pads: readonly [number, number, number, number],
    ): Tensor {
      const channels = x.shape[1] ?? 0;
      const forward = convolutionShape(x.shape, [channels, 1, size[0], size[1]], { strides, pads, dilations: [1, 1], groups: channels });
      if (forward.join() !== g.shape.join())
        throw new RangeError(`maxPool2dGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
      return emit(x.shape, 'float32', (output) => ({ op: 'maxPool2dGradient', x, g, size, strides, pads, output }));
    },
  };
}
