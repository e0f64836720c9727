import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from './network.ts';
import { parametersOf } from './operation-parameters.ts';
import { inferShapes } from './shapes/infer-shapes.ts';
import { elementCount, formatShape, sameShape } from './shapes/shape.ts';

/**
 * Checks what every later step relies on: names are unique, each value is computed once and before its use, shapes
 * are what the operations give, parameters fill their shapes and are finite, variances are not negative.
 * Throws an `invalid-model` error that names the layer.
 */
export function validateNetwork(network: Network): void {
  if (network.inputs.length === 0) throw new EspalierError('invalid-model', 'the network has no input');
  if (network.outputs.length === 0) throw new EspalierError('invalid-model', 'the network has no output');
  checkTopology(network);
  checkParameters(network);
  const inferred = inferShapes(network);
  for (const [id, { shape }] of inferred.values) {
    const stored = network.values.get(id)?.shape ?? [];
    if (!sameShape(shape, stored))
      throw new EspalierError(
        'invalid-model',
        `value "${id}" is stored with shape ${formatShape(stored)} but has shape ${formatShape(shape)}`,
      );
  }
}

function checkTopology(network: Network): void {
  const computed = new Set<ValueId>(network.inputs);
  const names = new Set<string>();
  if (computed.size !== network.inputs.length) throw new EspalierError('invalid-model', 'an input is listed twice');
  for (const operation of network.operations) {
    const where = `layer "${operation.layer}"`;
    if (names.has(operation.name)) throw new EspalierError('invalid-model', `two operations are named "${operation.name}"`, { where });
    names.add(operation.name);
    for (const input of operation.inputs) {
      if (!computed.has(input)) throw new EspalierError('invalid-model', `uses "${input}" before it is computed`, { where });
    }
    if (computed.has(operation.output))
      throw new EspalierError('invalid-model', `computes "${operation.output}", which is there already`, { where });
    computed.add(operation.output);
  }
  for (const output of network.outputs) {
    if (!computed.has(output)) throw new EspalierError('invalid-model', `output "${output}" is never computed`);
  }
}

function checkParameters(network: Network): void {
  const checked = new Set<string>();
  for (const operation of network.operations) {
    const where = `layer "${operation.layer}"`;
    for (const id of parametersOf(operation)) {
      const parameter = network.parameters.get(id);
      if (parameter === undefined) throw new EspalierError('invalid-model', `parameter "${id}" is missing`, { where });
      if (checked.has(id)) continue;
      checked.add(id);
      if (elementCount(parameter.shape) !== parameter.data.length) {
        throw new EspalierError(
          'invalid-model',
          `parameter "${id}" has ${parameter.data.length} elements, its shape ${formatShape(parameter.shape)} needs ${elementCount(parameter.shape)}`,
          { where },
        );
      }
      const bad = parameter.data.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new EspalierError('invalid-model', `parameter "${id}" holds ${parameter.data[bad]} at index ${bad}; weights must be finite`, {
          where,
          fix: 'the model diverged while it was trained, or its file is damaged: use an earlier checkpoint',
        });
      }
    }
    if (
      operation.kind === 'batchNorm' &&
      network.parameters.get(operation.variance)?.data.some((v) => v + operation.epsilon <= 0) === true
    ) {
      throw new EspalierError('invalid-model', 'the moving variance plus epsilon is not positive', {
        where,
        fix: 'the file is damaged, or the layer was never trained',
      });
    }
  }
}
