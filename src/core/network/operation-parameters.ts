import { unreachable } from '../errors.ts';
import type { ParameterId } from './network.ts';
import type { Operation } from './operations.ts';

/** The parameters that an operation names, in the order kernel, bias, …. */
export function parametersOf(operation: Operation): readonly ParameterId[] {
  switch (operation.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'transposeConv2d':
    case 'dense':
      return operation.bias === undefined ? [operation.kernel] : [operation.kernel, operation.bias];
    case 'batchNorm':
      return [operation.gamma, operation.beta, operation.mean, operation.variance];
    case 'prelu':
      return [operation.alpha];
    case 'rescale':
      return [operation.scale, operation.offset];
    case 'embedding':
      return [operation.table];
    case 'activation':
    case 'binary':
    case 'concat':
    case 'pad':
    case 'crop':
    case 'pool2d':
    case 'globalPool':
    case 'reshape':
    case 'permute':
    case 'dropout':
    case 'upsample':
      return [];
    default:
      return unreachable(operation);
  }
}
