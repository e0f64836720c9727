/** Functions that pick, repeat and reorder elements along axes. */
import { repeated, selected } from '../../../network/selection.ts';
import type { LayerConfig } from '../layer-config.ts';
import { type LayerContext, type LayerConverter, onlyInput, unsupported } from '../layer-converter.ts';
import { fieldsOf, named } from './operation-arguments.ts';

export const take: LayerConverter = (context) => {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const [axis = 0, ...more] = fieldsOf(context).axes('axis', shape.length, [-1]);
  const [indices] = context.constants;
  if (indices === undefined || more.length > 0)
    return unsupported(context, 'indices that the network computes are not supported', 'use an Embedding layer');
  const picked = selected(builder, layer, input, axis, indices.values);
  return builder.reshape(layer, picked, [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)]);
};

export const tile: LayerConverter = (context) => {
  const fields = fieldsOf(context, 'multiples');
  const [batch, ...counts] = fields.numbers(named(fields, 'repeats', 'multiples'));
  if (batch !== 1) return unsupported(context, 'repeating the batch is not supported', 'repeat along other axes');
  return repeated(context.builder, context.layer, onlyInput(context), counts);
};

export const swapAxes: LayerConverter = (context) => {
  const input = onlyInput(context);
  const rank = context.builder.shapeOf(input).length;
  const [a = 0, b = 0] = ['axis1', 'axis2'].map((key) => context.config.axes(key, rank, [-1])[0] ?? 0);
  const order = Array.from({ length: rank }, (_, axis) => (axis === a ? b : axis === b ? a : axis));
  return context.builder.permute(context.layer, input, order);
};

export const moveAxis: LayerConverter = (context) => {
  const input = onlyInput(context);
  const rank = context.builder.shapeOf(input).length;
  const [sources, targets] = ['source', 'destination'].map((key) => context.config.axes(key, rank, []));
  if (sources === undefined || targets?.length !== sources.length) return unsupported(context, 'source and destination differ in length');
  const rest = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !sources.includes(axis));
  const order = Array.from({ length: rank }, (_, axis) => {
    const moved = sources[targets.indexOf(axis)];
    return moved ?? rest.shift() ?? 0;
  });
  return context.builder.permute(context.layer, input, order);
};

/** The elements along each of the axes in another order, as `indices` says of an axis of `length`. */
const along =
  (indices: (length: number, fields: LayerConfig, place: number) => readonly number[]): LayerConverter =>
  (context) => {
    const { builder, layer } = context;
    const input = onlyInput(context);
    const fields = fieldsOf(context, 'axis');
    const axes = axesOf(context, fields, builder.shapeOf(input).length);
    return axes.reduce(
      (value, axis, place) => selected(builder, layer, value, axis, indices(builder.shapeOf(value)[axis] ?? 1, fields, place)),
      input,
    );
  };

function axesOf(context: LayerContext, fields: LayerConfig, rank: number): readonly number[] {
  if (!fields.has('axis')) return unsupported(context, 'without an axis is not supported: it would move the batch, too', 'name the axes');
  return fields.axes('axis', rank, []);
}

export const flip = along((length) => Array.from({ length }, (_, i) => length - 1 - i));

export const roll = along((length, fields, place) => {
  const shifts = fields.numbers('shift');
  const shift = shifts[place] ?? shifts[0] ?? 0;
  return Array.from({ length }, (_, i) => (((i - shift) % length) + length) % length);
});

/** Each element so many times in a row. */
export const repeat = along((length, fields) => {
  const counts = fields.numbers('repeats');
  return Array.from({ length }, (_, i) => i).flatMap((i) => new Array<number>(counts[i % counts.length] ?? 1).fill(i));
});
