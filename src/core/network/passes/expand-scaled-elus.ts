import type { Network, Parameter, ValueId } from '../network.ts';
import type { Activation, Operation } from '../operations.ts';

/**
 * TFLite's ELU has alpha 1. `elu(x, alpha) = relu(x) + alpha * elu(-relu(-x), 1)`: operations that exist as integer
 * kernels too, each with a range of its own, so that the steep and the flat half are rounded apart.
 */
export function expandScaledElus(network: Network): Network {
  if (!network.operations.some(isScaledElu)) return network;
  const values = new Map(network.values);
  const parameters = new Map<string, Parameter>(network.parameters);
  const operations = network.operations.flatMap((operation): readonly Operation[] => {
    if (!isScaledElu(operation)) return [operation];
    const { name, layer, inputs, output } = operation;
    const [input = ''] = inputs;
    const shape = values.get(output)?.shape ?? [];
    const added: Operation[] = [];
    const step = (part: string): { readonly name: string; readonly layer: string; readonly output: ValueId } => {
      const id = `${output}/${part}`;
      values.set(id, { shape });
      return { name: `${name}/${part}`, layer, output: id };
    };
    const activation = (part: string, from: ValueId, kind: 'relu' | 'elu'): ValueId => {
      const base = step(part);
      added.push({ kind: 'activation', ...base, inputs: [from], function: kind, alpha: kind === 'elu' ? 1 : 0 });
      return base.output;
    };
    const scaled = (part: string, from: ValueId, factor: number): ValueId => {
      const base = step(part);
      const [scale, offset] = [`${base.name}/scale`, `${base.name}/offset`];
      parameters.set(scale, { shape: [1], data: Float32Array.of(factor) });
      parameters.set(offset, { shape: [1], data: new Float32Array(1) });
      added.push({ kind: 'rescale', ...base, inputs: [from], scale, offset });
      return base.output;
    };
    const above = activation('above', input, 'relu');
    const below = scaled('below', activation('depth', scaled('negated', input, -1), 'relu'), -1);
    const curve = scaled('curve', activation('elu', below, 'elu'), operation.alpha);
    return [...added, { kind: 'binary', function: 'add', name, layer, inputs: [above, curve], output, activation: 'none' }];
  });
  return { ...network, operations, values, parameters };
}

function isScaledElu(operation: Operation): operation is Activation {
  return operation.kind === 'activation' && operation.function === 'elu' && operation.alpha !== 1;
}
