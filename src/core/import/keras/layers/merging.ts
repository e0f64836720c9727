import { EspalierError } from '../../../errors.ts';
import type { ValueId } from '../../../network/network.ts';
import { type LayerContext, type LayerConverter, type LayerConverters, unsupported } from '../layer-converter.ts';
import { scale } from './activations.ts';

type Combine = (context: LayerContext, a: ValueId, b: ValueId) => ValueId;

const fold =
  (combine: Combine): LayerConverter =>
  (context) => {
    const [first, ...rest] = context.inputs;
    if (first === undefined || rest.length === 0)
      throw new EspalierError('invalid-model', `merges at least two inputs, got ${context.inputs.length}`, { where: context.config.where });
    return rest.reduce((sum, input) => combine(context, sum, input), first);
  };

const binary =
  (name: 'add' | 'sub' | 'mul'): Combine =>
  (context, a, b) =>
    context.builder.binary(context.layer, name, a, b);

/** `max(a, b) = a + relu(b - a)` and `min(a, b) = a - relu(a - b)`: no operation of their own in the network. */
const maximum: Combine = (context, a, b) =>
  context.builder.binary(context.layer, 'add', a, context.builder.binary(context.layer, 'sub', b, a, 'relu'));
const minimum: Combine = (context, a, b) =>
  context.builder.binary(context.layer, 'sub', a, context.builder.binary(context.layer, 'sub', a, b, 'relu'));

const average: LayerConverter = (context) => scale(context, fold(binary('add'))(context), 'average', 1 / context.inputs.length, 0);

const subtract: LayerConverter = (context) => {
  if (context.inputs.length !== 2)
    throw new EspalierError('invalid-model', `subtracts two inputs, got ${context.inputs.length}`, { where: context.config.where });
  return fold(binary('sub'))(context);
};

const concatenate: LayerConverter = (context) => {
  const [first] = context.inputs;
  if (first === undefined) throw new EspalierError('invalid-model', 'has no input', { where: context.config.where });
  const rank = context.builder.shapeOf(first).length;
  const axis = context.config.integer('axis', -1);
  if (axis === 0) unsupported(context, 'concatenation along the batch is not supported');
  return context.builder.concat(context.layer, context.inputs, axis < 0 ? axis + rank : axis - 1);
};

export const mergingLayers: LayerConverters = {
  Add: fold(binary('add')),
  Multiply: fold(binary('mul')),
  Subtract: subtract,
  Maximum: fold(maximum),
  Minimum: fold(minimum),
  Average: average,
  Concatenate: concatenate,
};
