import { unreachable } from '../../errors.ts';
import type { Operation } from '../../network/operations.ts';
import { writeActivation } from './write-activation.ts';
import { writeBatchNorm, writeBinary, writeEmbedding, writePRelu, writeRescale } from './write-arithmetic.ts';
import type { WriteContext } from './write-context.ts';
import { lacksInt16Kernel, writeInFloat } from './write-in-float.ts';
import { writeConvolution, writeDense, writeTransposeConvolution } from './write-kernels.ts';
import { writeConcat, writeCrop, writeGlobalPool, writePad, writePermute, writePool, writeUpsample } from './write-shapes.ts';

export function writeOperation(context: WriteContext, operation: Operation): void {
  if (context.encoding.activationType === 'int16' && lacksInt16Kernel(operation)) return writeInFloat(context, operation, writeOperation);
  switch (operation.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
      return writeConvolution(context, operation);
    case 'transposeConv2d':
      return writeTransposeConvolution(context, operation);
    case 'dense':
      return writeDense(context, operation);
    case 'batchNorm':
      return writeBatchNorm(context, operation);
    case 'activation':
      return writeActivation(context, operation);
    case 'prelu':
      return writePRelu(context, operation);
    case 'binary':
      return writeBinary(context, operation);
    case 'rescale':
      return writeRescale(context, operation);
    case 'concat':
      return writeConcat(context, operation);
    case 'pad':
      return writePad(context, operation);
    case 'crop':
      return writeCrop(context, operation);
    case 'pool2d':
      return writePool(context, operation);
    case 'globalPool':
      return writeGlobalPool(context, operation);
    case 'reshape':
      return context.reshape(operation, context.input(operation), context.output(operation));
    case 'permute':
      return writePermute(context, operation);
    case 'dropout':
      return context.bind(operation.output, context.input(operation));
    case 'upsample':
      return writeUpsample(context, operation);
    case 'embedding':
      return writeEmbedding(context, operation);
    default:
      return unreachable(operation);
  }
}
