import { EspalierError } from '../../errors.ts';
import type { Network, Shape, Value, ValueId } from '../network.ts';
import { inferOutputShape } from './infer-output-shape.ts';

/**
 * Recomputes the shape of every value from the inputs on (reshapes keep their target). Throws an `invalid-model` error
 * that names the layer where something does not fit.
 */
export function inferShapes(network: Network): Network {
  const values = new Map<ValueId, Value>();
  for (const id of network.inputs) {
    const value = network.values.get(id);
    if (value === undefined) throw new EspalierError('invalid-model', `input "${id}" has no shape`);
    values.set(id, value);
  }
  for (const operation of network.operations) {
    const where = `layer "${operation.layer}"`;
    const inputs = operation.inputs.map((id): Shape => {
      const value = values.get(id);
      if (value === undefined) throw new EspalierError('invalid-model', `uses "${id}" before it is computed`, { where });
      return value.shape;
    });
    const shape = inferOutputShape(operation, {
      inputs,
      declared: network.values.get(operation.output)?.shape,
      parameter: (id) => {
        const parameter = network.parameters.get(id);
        if (parameter === undefined) throw new EspalierError('invalid-model', `parameter "${id}" is missing`, { where });
        return parameter.shape;
      },
    });
    values.set(operation.output, { shape });
  }
  return { ...network, values };
}
