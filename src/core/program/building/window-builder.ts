import type { Tensor } from '../program.ts';
import { convolutionShape, depthwiseShape, type DepthwiseWindow, type Window } from '../shapes.ts';
import { ProductBuilder } from './product-builder.ts';

/** Convolutions and pooling of two-dimensional windows, with their gradients. */
export class WindowBuilder extends ProductBuilder {
  conv2d(x: Tensor, filter: Tensor, window: Window): Tensor {
    return this.emit(convolutionShape(x.shape, filter.shape, window), 'float32', (output) => ({
      op: 'conv2d',
      x,
      filter,
      ...window,
      output,
    }));
  }

  /** To `shape`, the input's shape `[n, c, h, w]` of the convolution whose gradient this is. */
  convTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: Window): Tensor {
    const forward = convolutionShape(shape, filter.shape, window);
    if (forward.join() !== x.shape.join())
      throw new RangeError(
        `convTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
      );
    return this.emit(shape, 'float32', (output) => ({ op: 'convTranspose2d', x, filter, ...window, output }));
  }

  /** To `shape`, the filter's `[o, c / groups, kh, kw]`. */
  conv2dFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: Window): Tensor {
    const forward = convolutionShape(x.shape, shape, window);
    if (forward.join() !== g.shape.join())
      throw new RangeError(`conv2dFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
    return this.emit(shape, 'float32', (output) => ({ op: 'conv2dFilterGradient', x, g, ...window, output }));
  }

  depthwiseConv2d(x: Tensor, filter: Tensor, window: DepthwiseWindow): Tensor {
    return this.emit(depthwiseShape(x.shape, filter.shape, window), 'float32', (output) => ({
      op: 'depthwiseConv2d',
      x,
      filter,
      ...window,
      output,
    }));
  }

  /** To `shape`, the input's shape `[c, n, h, w]` of the convolution whose gradient this is. */
  depthwiseConvTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
    const forward = depthwiseShape(shape, filter.shape, window);
    if (forward.join() !== x.shape.join())
      throw new RangeError(
        `depthwiseConvTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
      );
    return this.emit(shape, 'float32', (output) => ({ op: 'depthwiseConvTranspose2d', x, filter, ...window, output }));
  }

  /** To `shape`, the filter's `[c, kh, kw]`. */
  depthwiseFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
    const forward = depthwiseShape(x.shape, shape, window);
    if (forward.join() !== g.shape.join())
      throw new RangeError(`depthwiseFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
    return this.emit(shape, 'float32', (output) => ({ op: 'depthwiseFilterGradient', x, g, ...window, output }));
  }

  /** Of `[n, c, h, w]`. */
  maxPool2d(
    x: Tensor,
    size: readonly [number, number],
    strides: readonly [number, number],
    pads: readonly [number, number, number, number],
  ): Tensor {
    const channels = x.shape[1] ?? 0;
    const shape = convolutionShape(x.shape, [channels, 1, size[0], size[1]], { strides, pads, dilations: [1, 1], groups: channels });
    return this.emit(shape, 'float32', (output) => ({ op: 'maxPool2d', x, size, strides, pads, output }));
  }

  /** To the shape of `x`. */
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
    return this.emit(x.shape, 'float32', (output) => ({ op: 'maxPool2dGradient', x, g, size, strides, pads, output }));
  }
}
