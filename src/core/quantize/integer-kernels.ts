/** Which operations have an integer kernel, by the type of what they read and write. */
import type { Network } from '../network/network.ts';
import type { Operation } from '../network/operations.ts';
import type { ActivationType } from './quantization.ts';

/**
 * Operations without an integer kernel that can be trusted, as measured in LiteRT 2.5.3. It accepts integer types
 * where a kernel is missing all the same, and computes nonsense.
 */
export function lacksIntegerKernel(operation: Operation, type: ActivationType, network: Network): boolean {
  return lacksInt8(operation) || (type === 'int16' && lacksInt16(operation, network));
}

/**
 * What is to be known of an integer file whose network has such operations: the layers that compute in float between
 * two conversions, and what that means. Undefined where it is integer throughout.
 */
export function floatIslandsWarning(network: Network, type: ActivationType): string | undefined {
  const islands = network.operations.filter((operation) => lacksIntegerKernel(operation, type, network));
  if (islands.length === 0) return undefined;
  const names = [
    ...new Set(islands.map((operation) => `"${operation.layer}" (${'function' in operation ? operation.function : operation.kind})`)),
  ];
  return (
    `computes in float at ${names.slice(0, 6).join(', ')}${names.length > 6 ? ` and ${names.length - 6} more` : ''}: there is no sound ${type} kernel, ` +
    'so the file is not integer throughout and needs a runtime with float kernels'
  );
}

function lacksInt8(operation: Operation): boolean {
  switch (operation.kind) {
    // The integer division gives the largest code where the quotient is a small part of a step.
    case 'binary':
      return operation.function === 'pow' || operation.function === 'div';
    case 'activation':
      return operation.function === 'erf';
    default:
      return false;
  }
}

function lacksInt16(operation: Operation, network: Network): boolean {
  switch (operation.kind) {
    case 'prelu':
    case 'depthToSpace':
    case 'spaceToDepth':
      return true;
    case 'activation':
      return ['hardSwish', 'elu', 'logSoftmax', 'l2Normalize'].includes(operation.function);
    // Tables of 512 entries, which miss where the function is steep: by thousands of steps.
    case 'unary':
      return ['exp', 'log', 'rsqrt'].includes(operation.function);
    // Its fixed-point positions are exact for powers of two alone; else it is off by a hundred steps.
    case 'resize': {
      const [h = 1, w = 1] = network.values.get(operation.inputs[0] ?? '')?.shape ?? [];
      const isExact = (factor: number): boolean => Number.isInteger(Math.log2(factor));
      return (
        operation.interpolation === 'bilinear' &&
        !(operation.coordinates !== 'alignCorners' && isExact(operation.size[0] / h) && isExact(operation.size[1] / w))
      );
    }
    default:
      return false;
  }
}
