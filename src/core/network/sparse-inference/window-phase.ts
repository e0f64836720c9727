/**
 * Where the windows of a strided convolution start. XNNPACK's sparse kernels know one place: `(k - 1) / 2` before the
 * image, on all sides. Keras pads behind an image of even size, so its windows start later; read from the other end
 * (the image turned by 180 degrees), they start there too.
 */
import type { Network } from '../network.ts';
import type { Conv2d, DepthwiseConv2d, Pad } from '../operations.ts';
import { windowExtent } from '../shapes/window.ts';

/** Which image a convolution's windows fit: the one as it is, the one turned by 180 degrees, both, or neither. */
export interface WindowPhase {
  readonly upright: boolean;
  readonly turned: boolean;
}

/** @param pad the operation whose zeros the convolution reads, where it has VALID padding */
export function windowPhase(network: Network, operation: Conv2d | DepthwiseConv2d, pad: Pad | undefined): WindowPhase {
  const [input = ''] = (pad ?? operation).inputs;
  const image = network.values.get(input)?.shape ?? [];
  const kernel = network.parameters.get(operation.kernel)?.shape ?? [];
  const phases = ([0, 1] as const).map((axis): WindowPhase => {
    const length = image[axis] ?? 0;
    const size = kernel[axis + 1] ?? 0;
    const stride = operation.strides[axis];
    const [padBefore, padAfter] = pad?.paddings[axis] ?? [0, 0];
    const extent = windowExtent(length + padBefore + padAfter, size, stride, operation.dilations[axis], operation.padding);
    const before = padBefore + extent.before;
    const covered = (extent.output - 1) * stride + size;
    const complete = extent.output === Math.ceil(length / stride);
    return {
      upright: complete && before === (size - 1) / 2,
      // What the last window reaches beyond the end is what the first one of the turned image has before it.
      turned: complete && covered - before - length === (size - 1) / 2,
    };
  });
  return { upright: phases.every(({ upright }) => upright), turned: phases.every(({ turned }) => turned) };
}
