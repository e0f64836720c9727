/** Functions of all elements along axes that the vocabulary has no reduction for. */
import type { ValueId } from '../../../network/network.ts';
import { type LayerContext, type LayerConverter, onlyInput, unsupported } from '../layer-converter.ts';
import { fieldsOf } from './operation-arguments.ts';

interface Reduced {
  readonly input: ValueId;
  readonly axes: readonly number[];
  readonly keepDimensions: boolean;
}

function reducedOf(context: LayerContext): Reduced {
  const input = onlyInput(context);
  const fields = fieldsOf(context, 'axis', 'keepdims');
  if (!fields.has('axis')) return unsupported(context, 'a reduction over all axes, the batch too, is not supported', 'name the axes');
  return { input, axes: fields.axes('axis', context.builder.shapeOf(input).length, []), keepDimensions: fields.boolean('keepdims', false) };
}

function varianceOf({ builder, layer }: LayerContext, { input, axes, keepDimensions }: Reduced): ValueId {
  const difference = builder.binary(layer, 'sub', input, builder.reduce(layer, input, 'mean', axes, true));
  return builder.reduce(layer, builder.binary(layer, 'mul', difference, difference), 'mean', axes, keepDimensions);
}

export const variance: LayerConverter = (context) => varianceOf(context, reducedOf(context));

export const standardDeviation: LayerConverter = (context) =>
  context.builder.unary(context.layer, varianceOf(context, reducedOf(context)), 'sqrt');

/** Less the maximum, so that no exponential overflows. */
export const logSumExp: LayerConverter = (context) => {
  const { builder, layer } = context;
  const { input, axes, keepDimensions } = reducedOf(context);
  const most = builder.reduce(layer, input, 'max', axes, true);
  const powers = builder.unary(layer, builder.binary(layer, 'sub', input, most), 'exp');
  const sum = builder.unary(layer, builder.reduce(layer, powers, 'sum', axes, keepDimensions), 'log');
  return builder.binary(layer, 'add', sum, builder.reshape(layer, most, builder.shapeOf(sum)));
};
