/** A network as a table for people: one row an operation. */
import type { Network, Shape } from './network.ts';
import { parametersOf } from './operation-parameters.ts';
import { hasKernel, type Operation } from './operations.ts';
import { elementCount } from './shapes/shape.ts';

export interface OperationDescription {
  readonly layer: string;
  readonly kind: Operation['kind'];
  /** What distinguishes it from others of its kind: `3x3, stride 2, same, relu`. */
  readonly details: string;
  readonly outputShape: Shape;
  /** Parameters that no earlier operation counted: those of shared layers count once. */
  readonly parameters: number;
  /** Of one example. */
  readonly multiplyAdds: number;
}

export interface NetworkDescription {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly operations: readonly OperationDescription[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

export function describeNetwork(network: Network): NetworkDescription {
  const counted = new Set<string>();
  const shapeOf = (id: string): Shape => network.values.get(id)?.shape ?? [];
  const operations = network.operations.map((operation): OperationDescription => {
    const own = parametersOf(operation).filter((id) => !counted.has(id));
    for (const id of own) counted.add(id);
    return {
      layer: operation.layer,
      kind: operation.kind,
      details: details(operation, network),
      outputShape: shapeOf(operation.output),
      parameters: own.reduce((sum, id) => sum + (network.parameters.get(id)?.data.length ?? 0), 0),
      multiplyAdds: multiplyAdds(operation, network),
    };
  });
  const named = (ids: readonly string[]): readonly { name: string; shape: Shape }[] => ids.map((name) => ({ name, shape: shapeOf(name) }));
  return {
    name: network.name,
    inputs: named(network.inputs),
    outputs: named(network.outputs),
    operations,
    parameters: operations.reduce((sum, operation) => sum + operation.parameters, 0),
    multiplyAdds: operations.reduce((sum, operation) => sum + operation.multiplyAdds, 0),
  };
}

/** Each output element of a kernel takes as many multiply-adds as it has weights; a transposed one counts by its inputs. */
function multiplyAdds(operation: Operation, network: Network): number {
  if (!hasKernel(operation)) return 0;
  const kernel = network.parameters.get(operation.kernel)?.shape ?? [];
  const [input = ''] = operation.inputs;
  const [out = 0, ...rest] = kernel;
  const elements = (id: string): number => elementCount(network.values.get(id)?.shape ?? []);
  switch (operation.kind) {
    case 'conv2d':
    case 'dense':
      return elements(operation.output) * elementCount(rest);
    case 'depthwiseConv2d':
      return elements(operation.output) * (kernel[1] ?? 0) * (kernel[2] ?? 0);
    case 'transposeConv2d':
      return elements(input) * out * (kernel[1] ?? 0) * (kernel[2] ?? 0);
  }
}

function details(operation: Operation, network: Network): string {
  const kernel = hasKernel(operation) ? (network.parameters.get(operation.kernel)?.shape ?? []) : [];
  const activation = 'activation' in operation && operation.activation !== 'none' ? [operation.activation] : [];
  const stride =
    'strides' in operation && operation.strides.some((n) => n !== 1)
      ? [`stride ${operation.strides[0] === operation.strides[1] ? operation.strides[0] : operation.strides.join('x')}`]
      : [];
  const dilation =
    'dilations' in operation && operation.dilations.some((n) => n !== 1) ? [`dilation ${operation.dilations.join('x')}`] : [];
  switch (operation.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
      return [`${kernel[1]}x${kernel[2]}`, ...stride, ...dilation, operation.padding, ...activation].join(', ');
    case 'transposeConv2d':
      return [`${kernel[1]}x${kernel[2]}`, ...stride, operation.padding, ...activation].join(', ');
    case 'pool2d':
      return [operation.function, operation.size.join('x'), ...stride, operation.padding].join(', ');
    case 'globalPool':
    case 'activation':
      return operation.function;
    case 'binary':
      return [operation.function, ...activation].join(', ');
    case 'dense':
      return activation.join();
    case 'dropout':
      return `rate ${operation.rate}`;
    case 'permute':
      return operation.order.join(', ');
    case 'upsample':
      return `${operation.factor.join('x')}, ${operation.interpolation}`;
    case 'concat':
      return `axis ${operation.axis}`;
    default:
      return '';
  }
}
