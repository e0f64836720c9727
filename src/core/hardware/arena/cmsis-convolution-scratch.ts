/**
 * Scratch buffers of CMSIS-NN's convolutions, which differ by the core's instructions: none, DSP (Cortex-M4, M7, M33) or MVE (Cortex-M55, M85).
 * Sources: arm_*_get_buffer_sizes_*.c of ARM-software/CMSIS-NN at 99f736a6.
 */
import type { KernelLibrary } from '../../../shared/hardware.ts';
import type { ConvolutionGeometry } from '../convolution-geometry.ts';
import type { ImageShape } from '../graph-operators.ts';

type CmsisLibrary = Exclude<KernelLibrary, 'reference'>;

/** Channels that MVE's depthwise kernel handles at once. */
const mveChannelBlock = 124;
/** Built with GCC, MVE turns a depthwise convolution of one channel into a plain one from two output channels on. */
const plainFromChannels = 2;

export function cmsisConvolutionScratch(geometry: ConvolutionGeometry, kernels: CmsisLibrary): readonly number[] {
  const { input, filter, activationType } = geometry;
  const columns = filter.height * filter.width * input.channels;
  if (activationType === 'int16') return [kernels === 'cmsis-nn-mve' ? 8 * roundUp(columns, 8) : 4 * columns];
  if (activationType !== 'int8' || isPointwise(geometry)) return [];
  if (kernels !== 'cmsis-nn-mve') return [4 * (geometry.filterType === 'int4' ? columns : roundUp(columns, 4))];
  return [isOneRow(geometry) ? oneRowBytes(geometry) : 4 * roundUp(columns, 16)];
}

export function cmsisDepthwiseScratch(geometry: ConvolutionGeometry, kernels: CmsisLibrary): readonly number[] {
  const { input, filter, output, activationType, isDilated } = geometry;
  const size = filter.height * filter.width;
  const keepsChannels = input.channels === output.channels;
  if (activationType === 'int16') {
    if (!keepsChannels || isDilated || size >= 512 || kernels === 'cmsis-nn') return [];
    return [kernels === 'cmsis-nn-mve' ? 8 * input.channels * size + 8 : 2 * input.channels * size];
  }
  if (activationType !== 'int8') return [];
  if (kernels === 'cmsis-nn-mve' && geometry.filterType === 'int8' && input.channels === 1 && output.channels >= plainFromChannels)
    return [4 * roundUp(size, 16) + output.channels * size];
  if (!keepsChannels || input.batch !== 1 || isDilated) return [];
  if (kernels === 'cmsis-nn-mve') return [4 * mveChannelBlock * size];
  const isThreeByThree = filter.height === 3 && filter.width === 3 && geometry.paddingHeight <= 1 && geometry.paddingWidth <= 1;
  return kernels === 'cmsis-nn' || (isThreeByThree && geometry.filterType === 'int8') ? [] : [2 * input.channels * size];
}

export function cmsisTransposeConvolutionScratch(transposed: {
  readonly input: ImageShape;
  readonly filter: ImageShape;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly kernels: CmsisLibrary;
}): readonly number[] {
  const { input, filter, strideHeight, strideWidth, kernels } = transposed;
  const columns = filter.height * filter.width * input.channels;
  if (strideHeight <= 2 && strideWidth <= 2 && input.channels > 16)
    return [kernels === 'cmsis-nn-mve' ? 4 * roundUp(columns, 16) : 4 * roundUp(columns, 4), columns * filter.batch];
  const row = ((input.width - 1) * strideWidth + Math.max(filter.width, strideHeight)) * filter.batch;
  return [4 * row * Math.max(filter.height, strideHeight)];
}

function isPointwise({ input, filter, paddingHeight, paddingWidth, isDilated }: ConvolutionGeometry): boolean {
  return (
    filter.height === 1 &&
    filter.width === 1 &&
    paddingHeight === 0 &&
    paddingWidth === 0 &&
    !isDilated &&
    filter.channels === input.channels
  );
}

function isOneRow({ input, filter, strideWidth, isDilated }: ConvolutionGeometry): boolean {
  return (
    input.height === 1 &&
    filter.height === 1 &&
    !isDilated &&
    (strideWidth * input.channels) % 4 === 0 &&
    filter.channels === input.channels
  );
}

function oneRowBytes({ input, filter, output, paddingWidth, strideWidth }: ConvolutionGeometry): number {
  const odd = ((output.width - 1) * strideWidth + filter.width - input.width) % 2;
  const touched = (columns: number): number => (columns === 0 ? 0 : Math.max(1, Math.floor((columns + strideWidth - 1) / strideWidth)));
  const right = touched(paddingWidth + odd);
  const left = touched(paddingWidth);
  if (left + right > output.width) return 4 * roundUp(filter.width * input.channels, 16);
  const paddedLeft = paddingWidth * input.channels;
  const paddedRight = odd === 0 ? paddedLeft : right * input.channels;
  const whole = filter.width * input.channels;
  return Math.max(whole + paddedLeft, whole - input.channels + paddedRight);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
