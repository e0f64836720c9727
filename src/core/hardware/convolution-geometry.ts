import { imageShape, numberOption, requiredInput, requiredOutput, type GraphOperator, type ImageShape } from './graph-operators.ts';

/** A convolution with its sizes: what kernels choose their way by. */
export interface ConvolutionGeometry {
  readonly input: ImageShape;
  readonly filter: ImageShape;
  readonly output: ImageShape;
  readonly activationType: string;
  readonly filterType: string;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Rows and columns of padding before the image. */
  readonly paddingHeight: number;
  readonly paddingWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly isDilated: boolean;
}

/** @throws EspalierError `invalid-model` when the operator's tensors are not images and a filter */
export function convolutionGeometry(operator: GraphOperator): ConvolutionGeometry {
  const input = imageShape(operator, requiredInput(operator, 0));
  const filter = imageShape(operator, requiredInput(operator, 1));
  const output = imageShape(operator, requiredOutput(operator));
  const strideHeight = numberOption(operator, 'strideHeight', 1);
  const strideWidth = numberOption(operator, 'strideWidth', 1);
  const dilationHeight = numberOption(operator, 'dilationHeight', 1);
  const dilationWidth = numberOption(operator, 'dilationWidth', 1);
  const padding = (from: number, to: number, stride: number, size: number, dilation: number): number =>
    operator.options['padding'] === 'valid' ? 0 : Math.floor(Math.max(0, (to - 1) * stride + (size - 1) * dilation + 1 - from) / 2);
  return {
    input,
    filter,
    output,
    activationType: requiredInput(operator, 0).type,
    filterType: requiredInput(operator, 1).type,
    strideHeight,
    strideWidth,
    paddingHeight: padding(input.height, output.height, strideHeight, filter.height, dilationHeight),
    paddingWidth: padding(input.width, output.width, strideWidth, filter.width, dilationWidth),
    dilationHeight,
    dilationWidth,
    isDilated: dilationHeight > 1 || dilationWidth > 1,
  };
}
