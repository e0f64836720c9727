import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { Volume } from './accelerators.ts';
import type { NpuKernel, WeightVolume } from './npu-operation.ts';

export interface ConvolutionWork {
  readonly input: Volume;
  readonly kernel: NpuKernel;
  readonly weights: WeightVolume;
}

const hardwareStrides = [2, 3];
const unitChannels = 8;

/**
 * A convolution with its horizontal stride folded into channels, as Arm's compiler does for the first operator of a file with few channels, and for
 * strides that the NPU does not have: neighbouring columns become channels of one, and the kernel is filled up with zeros to whole groups of columns.
 */
export function foldStride(work: ConvolutionWork, isFirst: boolean, isPadded: boolean): ConvolutionWork {
  const { input, kernel, weights } = work;
  const stride = kernel.strideWidth;
  if (stride <= 1 || (!isFirst && stride <= Math.max(...hardwareStrides))) return work;
  const factor = foldFactor(input.width, stride);
  if (factor === 1 || (input.depth * factor > unitChannels && stride <= Math.max(...hardwareStrides))) return work;
  const columns = foldedKernelWidth(input.width, kernel, factor, isPadded);
  if (columns === undefined) return work;
  return {
    input: { height: input.height, width: Math.floor(input.width / factor), depth: input.depth * factor },
    kernel: { ...kernel, width: (columns.left + kernel.width + columns.right) / factor, strideWidth: stride / factor },
    weights: {
      ...weights,
      width: (columns.left + kernel.width + columns.right) / factor,
      inputs: weights.inputs * factor,
      at: (output, y, x, input) => {
        const column = x * factor + Math.floor(input / weights.inputs) - columns.left;
        return column < 0 || column >= kernel.width ? 0 : weights.at(output, y, column, input % weights.inputs);
      },
    },
  };
}

/** How many columns become one: the stride, or what leaves a stride that the NPU has. */
function foldFactor(width: number, stride: number): number {
  if (width % stride === 0) return stride;
  const left = hardwareStrides.find((candidate) => stride % candidate === 0 && width % (stride / candidate) === 0);
  return left === undefined || left === stride ? 1 : stride / left;
}

/** Zero columns beside the kernel; undefined where the input would be padded otherwise than before. */
function foldedKernelWidth(
  width: number,
  kernel: NpuKernel,
  factor: number,
  isPadded: boolean,
): { readonly left: number; readonly right: number } | undefined {
  const stride = kernel.strideWidth / factor;
  const padding = totalPadding(width, kernel.strideWidth, kernel.width);
  let added = 0;
  let left = 0;
  if (isPadded) {
    const whole = padding + (width % kernel.strideWidth === 0 ? stride : Math.floor(width / factor) % stride);
    added = whole * factor - kernel.width;
    left = padding === 0 ? Math.floor(added / 2) : Math.floor(added / padding) * Math.floor(padding / 2);
  }
  if (kernel.width % factor !== 0 && (added === 0 || padding === 0)) {
    added = factor - (kernel.width % factor);
    left = 0;
  }
  if (added < 0 || (kernel.width + added) % factor !== 0) return undefined;
  if (isPadded && totalPadding(Math.floor(width / factor), stride, Math.floor((kernel.width + 1 + added) / factor)) !== padding)
    return undefined;
  return { left, right: added - left };
}

function totalPadding(size: number, stride: number, kernel: number): number {
  return Math.max(kernel - (size % stride === 0 ? stride : size % stride), 0);
}

export function kernelOf(geometry: ConvolutionGeometry): NpuKernel {
  return {
    height: geometry.filter.height,
    width: geometry.filter.width,
    strideHeight: geometry.strideHeight,
    strideWidth: geometry.strideWidth,
    dilationHeight: geometry.dilationHeight,
    dilationWidth: geometry.dilationWidth,
  };
}
