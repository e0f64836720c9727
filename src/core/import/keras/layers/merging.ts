import { EspalierError } from '../../../errors.ts';
import type { BinaryFunction } from '../../../network/operations.ts';
import type { ValueId } from '../../../network/network.ts';
import { type LayerContext, type LayerConverter, type LayerConverters, unsupported } from '../layer-converter.ts';
import { scale } from './activations.ts';

/** From the first input to the last. */
function folded(context: LayerContext, name: BinaryFunction): ValueId {
  const [first, ...rest] = context.inputs;
  if (first === undefined || rest.length === 0)
    throw new EspalierError('invalid-model', `merges at least two inputs, got ${context.inputs.length}`, { where: context.config.where });
  return rest.reduce((result, input) => context.builder.binary(context.layer, name, result, input), first);
}

const fold =
  (name: BinaryFunction): LayerConverter =>
  (context) =>
    folded(context, name);

const average: LayerConverter = (context) => scale(context, folded(context, 'add'), 'average', 1 / context.inputs.length, 0);

const subtract: LayerConverter = (context) => {
  if (context.inputs.length !== 2)
    throw new EspalierError('invalid-model', `subtracts two inputs, got ${context.inputs.length}`, { where: context.config.where });
  return folded(context, 'sub');
};

const concatenate: LayerConverter = (context) => {
  const [first] = context.inputs;
  if (first === undefined) throw new EspalierError('invalid-model', 'has no input', { where: context.config.where });
  const rank = context.builder.shapeOf(first).length;
  const axis = context.config.integer('axis', -1);
  if (axis === 0) unsupported(context, 'concatenation along the batch is not supported');
  return context.builder.concat(context.layer, context.inputs, axis < 0 ? axis + rank : axis - 1);
};

/** The sum of products along one axis of each: of two vectors, or of the rows and columns of two matrices. */
function dot(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const [a, b, ...more] = context.inputs;
  if (a === undefined || b === undefined || more.length > 0)
    throw new EspalierError('invalid-model', `multiplies two inputs, got ${context.inputs.length}`, { where: config.where });
  const ranks = [a, b].map((input) => builder.shapeOf(input).length);
  const [axisA = 0, axisB = axisA] = config.axes('axes', ranks[0] ?? 1, [-1]);
  if (config.boolean('normalize', false))
    return unsupported(context, 'Dot with normalize is not supported', 'put UnitNormalization layers before it');
  if (ranks.join() === '1,1') return builder.reduce(layer, builder.binary(layer, 'mul', a, b), 'sum', [0], true);
  if (ranks.join() !== '2,2')
    return unsupported(context, `a Dot of inputs with ${ranks.join(' and ')} axes is not supported`, 'use one or two axes after the batch');
  return builder.batchMatmul(layer, a, b, { transposeA: axisA === 0, transposeB: axisB === 1 });
}

export const mergingLayers: LayerConverters = {
  Add: fold('add'),
  Multiply: fold('mul'),
  Subtract: subtract,
  Maximum: fold('max'),
  Minimum: fold('min'),
  Dot: dot,
  Average: average,
  Concatenate: concatenate,
};
