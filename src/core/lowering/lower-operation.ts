import { unreachable } from '../errors.ts';
import type { Shape } from '../network/network.ts';
import type { Operation } from '../network/operations.ts';
import { lowerActivation, lowerPRelu } from './activations.ts';
import { lowerBatchNorm } from './batch-norm.ts';
import { lowerConv2d } from './convolution.ts';
import { lowerDense } from './dense.ts';
import { lowerDepthwiseConv2d } from './depthwise-convolution.ts';
import { lowerBinary, lowerDropout, lowerRescale } from './elementwise.ts';
import { lowerEmbedding } from './embedding.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { lowerGlobalPool, lowerPool2d } from './pooling.ts';
import { lowerConcat, lowerCrop, lowerPad, lowerPermute, lowerReshape } from './shape-operations.ts';
import { lowerTransposeConv2d } from './transpose-convolution.ts';
import { lowerUpsample } from './upsample.ts';

/** Appends one operation to the program; `shape` is that of its output for one example. */
export function lowerOperation(context: LoweringContext, operation: Operation, shape: Shape): LoweredValue {
  const input = (index: number): LoweredValue => {
    const id = operation.inputs[index];
    if (id === undefined) throw new Error(`operation "${operation.name}" has no input ${index}`);
    return context.value(id);
  };
  switch (operation.kind) {
    case 'conv2d':
      return lowerConv2d(context, operation, input(0), shape);
    case 'depthwiseConv2d':
      return lowerDepthwiseConv2d(context, operation, input(0), shape);
    case 'transposeConv2d':
      return lowerTransposeConv2d(context, operation, input(0), shape);
    case 'dense':
      return lowerDense(context, operation, input(0), shape);
    case 'batchNorm':
      return lowerBatchNorm(context, operation, input(0));
    case 'activation':
      return lowerActivation(context, operation, input(0));
    case 'prelu':
      return lowerPRelu(context, operation, input(0));
    case 'binary':
      return lowerBinary(context, operation, input(0), input(1), shape);
    case 'rescale':
      return lowerRescale(context, operation, input(0));
    case 'concat':
      return lowerConcat(
        context,
        operation,
        operation.inputs.map((_, i) => input(i)),
        shape,
      );
    case 'pad':
      return lowerPad(context, operation, input(0), shape);
    case 'crop':
      return lowerCrop(context, operation, input(0), shape);
    case 'pool2d':
      return lowerPool2d(context, operation, input(0), shape);
    case 'globalPool':
      return lowerGlobalPool(context, operation, input(0), shape);
    case 'reshape':
      return lowerReshape(context, input(0), shape);
    case 'permute':
      return lowerPermute(context, operation, input(0), shape);
    case 'dropout':
      return lowerDropout(context, operation, input(0));
    case 'upsample':
      return lowerUpsample(context, operation, input(0), shape);
    case 'embedding':
      return lowerEmbedding(context, operation, input(0), shape);
    default:
      return unreachable(operation);
  }
}
