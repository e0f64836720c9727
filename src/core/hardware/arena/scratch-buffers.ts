import type { KernelLibrary } from '../../../shared/hardware.ts';
import { elementCount, type TfliteTensor } from '../../tflite/tflite-model.ts';
import { convolutionGeometry } from '../convolution-geometry.ts';
import { imageShape, numberOption, requiredInput, requiredOutput, type GraphOperator } from '../graph-operators.ts';
import { cmsisConvolutionScratch, cmsisDepthwiseScratch, cmsisTransposeConvolutionScratch } from './cmsis-convolution-scratch.ts';

type CmsisLibrary = Exclude<KernelLibrary, 'reference'>;
type ScratchRule = (operator: GraphOperator, kernels: KernelLibrary) => readonly number[];

/** Kernels that ask for scratch buffers when a model is prepared. Sources: tensorflow/lite/micro/kernels at 90b983c. */
const scratchRules: Readonly<Record<string, ScratchRule>> = {
  CONV_2D: (operator, kernels) => [
    ...unpackedInt4(operator, kernels),
    ...(isCmsis(kernels) ? cmsisConvolutionScratch(convolutionGeometry(operator), kernels) : []),
  ],
  DEPTHWISE_CONV_2D: (operator, kernels) => [
    ...unpackedInt4(operator, kernels),
    ...(isCmsis(kernels) ? cmsisDepthwiseScratch(convolutionGeometry(operator), kernels) : []),
  ],
  TRANSPOSE_CONV: transposeConvolution,
  FULLY_CONNECTED: fullyConnected,
  AVERAGE_POOL_2D: (operator, kernels) =>
    kernels === 'cmsis-nn-dsp' && isInteger(requiredInput(operator, 0))
      ? [4 * imageShape(operator, requiredInput(operator, 0)).channels]
      : [],
  MEAN: (operator) => [
    ...(isInteger(requiredInput(operator, 0)) ? [4 * elementCount(requiredOutput(operator).shape)] : []),
    ...reductionIndices(operator),
  ],
  SUM: (operator) => [
    ...(isInteger(requiredInput(operator, 0)) ? [4 * elementCount(requiredOutput(operator).shape)] : []),
    ...reductionIndices(operator),
  ],
  REDUCE_MAX: reductionIndices,
  REDUCE_MIN: reductionIndices,
  REDUCE_ALL: reductionIndices,
  MIRROR_PAD: (operator) => [4 * requiredInput(operator, 0).shape.length, 4 * requiredInput(operator, 0).shape.length],
  ADD_N: (operator) => [4 * operator.inputs.length],
  BATCH_MATMUL: (operator, kernels) =>
    kernels === 'cmsis-nn-mve' && requiredInput(operator, 0).type === 'int8' ? [4 * (requiredOutput(operator).shape.at(-1) ?? 0)] : [],
  SVDF: statefulFilter,
  UNIDIRECTIONAL_SEQUENCE_LSTM: longShortTermMemory,
};

/**
 * Bytes of each scratch buffer that the operator's kernel asks for, on a 32-bit core. None where the library is undefined.
 *
 * @throws EspalierError `invalid-model` when the operator lacks tensors that its kernel reads
 */
export function scratchBuffers(operator: GraphOperator, kernels: KernelLibrary | undefined): readonly number[] {
  if (kernels === undefined || !Object.hasOwn(scratchRules, operator.kind)) return [];
  return (scratchRules[operator.kind]?.(operator, kernels) ?? []).filter((bytes) => bytes > 0);
}

function isCmsis(kernels: KernelLibrary): kernels is CmsisLibrary {
  return kernels !== 'reference';
}

function isInteger(tensor: TfliteTensor): boolean {
  return tensor.type === 'int8' || tensor.type === 'int16';
}

/** TFLite Micro's own kernels compute with int8: int4 kernels are unpacked first. CMSIS-NN reads them as they are. */
function unpackedInt4(operator: GraphOperator, kernels: KernelLibrary): readonly number[] {
  const filter = requiredInput(operator, 1);
  return filter.type === 'int4' && kernels === 'reference' ? [elementCount(filter.shape)] : [];
}

function fullyConnected(operator: GraphOperator, kernels: KernelLibrary): readonly number[] {
  const input = requiredInput(operator, 0);
  const filter = requiredInput(operator, 1);
  const [units = 0, depth = 0] = filter.shape;
  if (!isCmsis(kernels) || input.type !== 'int8' || filter.type !== 'int8') return unpackedInt4(operator, kernels);
  // Products of many rows run as a 1x1 convolution, which wants a scale for each channel.
  if (requiredOutput(operator).shape.length > 2 && depth % 4 === 0) return (filter.quantization?.scales.length ?? 1) > 1 ? [] : [8 * units];
  // Sums of the kernel's rows are kept in the persistent part.
  return [];
}

function transposeConvolution(operator: GraphOperator, kernels: KernelLibrary): readonly number[] {
  const input = requiredInput(operator, 2);
  const elements = elementCount(requiredOutput(operator).shape);
  const sixteenBitBias = operator.inputs[3]?.type === 'int16' ? [8 * elementCount(operator.inputs[3].shape)] : [];
  switch (input.type) {
    case 'int8':
      return isCmsis(kernels)
        ? cmsisTransposeConvolutionScratch({
            input: imageShape(operator, input),
            filter: imageShape(operator, requiredInput(operator, 1)),
            strideHeight: numberOption(operator, 'strideHeight', 1),
            strideWidth: numberOption(operator, 'strideWidth', 1),
            kernels,
          })
        : [4 * elements];
    case 'int16':
      return [8 * elements, ...sixteenBitBias];
    default:
      return [];
  }
}

/** A position in the input and the axes, both as int32. */
function reductionIndices(operator: GraphOperator): readonly number[] {
  return [4 * requiredInput(operator, 0).shape.length, 4 * elementCount(requiredInput(operator, 1).shape)];
}

function statefulFilter(operator: GraphOperator): readonly number[] {
  const input = requiredInput(operator, 0);
  const filters = requiredInput(operator, 1).shape[0] ?? 0;
  const batch = input.shape[0] ?? 0;
  const units = filters / Math.max(numberOption(operator, 'rank', 1), 1);
  return input.type === 'int8' ? [4 * batch * filters, 4 * batch * units] : [4 * batch * filters];
}

const lstmCellStateInput = 19;

function longShortTermMemory(operator: GraphOperator, kernels: KernelLibrary): readonly number[] {
  const cellState = requiredInput(operator, lstmCellStateInput);
  const bytes = elementCount(cellState.shape) * (cellState.type === 'int16' ? 2 : 4);
  return new Array<number>(isCmsis(kernels) && cellState.type === 'int16' ? 3 : 4).fill(bytes);
}
