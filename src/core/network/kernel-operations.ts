/** The operations that optimization is about, and how their kernels lie in memory. */
import type { Conv2d, Dense, DepthwiseConv2d, Operation, TransposeConv2d } from './operations.ts';
import type { Shape } from './values.ts';

/** The operations whose kernel can be pruned, clustered and quantized. */
export type KernelOperation = Conv2d | DepthwiseConv2d | TransposeConv2d | Dense;

export function hasKernel(operation: Operation): operation is KernelOperation {
  return (
    operation.kind === 'conv2d' ||
    operation.kind === 'depthwiseConv2d' ||
    operation.kind === 'transposeConv2d' ||
    operation.kind === 'dense'
  );
}

/** The axis of the kernel that counts output channels: the axis of per-channel quantization in TFLite. */
export function channelAxis(operation: KernelOperation): number {
  return operation.kind === 'depthwiseConv2d' ? 3 : 0;
}

/** For the row-major index of a weight, the channel of the operation's input that it multiplies. */
export function inputChannel(operation: KernelOperation, kernel: Shape): (index: number) => number {
  const perFilter = kernel.at(-1) ?? 1;
  switch (operation.kind) {
    case 'conv2d': {
      const weightsOfGroup = kernel.reduce((product, length) => product * length, 1) / operation.groups;
      return (index) => Math.floor(index / weightsOfGroup) * perFilter + (index % perFilter);
    }
    case 'depthwiseConv2d':
      return (index) => Math.floor((index % perFilter) / operation.multiplier);
    case 'transposeConv2d':
    case 'dense':
      return (index) => index % perFilter;
  }
}
