/** Functions that move elements: Keras counts axes with the batch, which stays in front. */
import { EspalierError } from '../../../errors.ts';
import { repeated, split } from '../../../network/selection.ts';
import type { Shape, ValueId } from '../../../network/network.ts';
import { isArray, isObject, type Json } from '../../json.ts';
import { numericArray } from '../inbound-nodes.ts';
import { type LayerContext, type LayerConverter, onlyInput, unsupported } from '../layer-converter.ts';
import { asValue, fieldsOf, named, operandsOf } from './operation-arguments.ts';
import { reshapeTo } from './reshaping.ts';

export const reshape: LayerConverter = (context) => {
  const fields = fieldsOf(context, 'shape');
  return reshapeWithBatch(context, fields.numbers(named(fields, 'newshape', 'shape')));
};

function reshapeWithBatch(context: LayerContext, [batch, ...target]: readonly number[]): ValueId {
  if (batch !== -1 && batch !== 1)
    return unsupported(context, `a reshape to a batch of ${batch ?? 'nothing'} is not supported`, 'keep the batch in front, as -1');
  return reshapeTo(context, target);
}

export const flattenAll: LayerConverter = (context) =>
  unsupported(context, 'flattening the batch too is not supported', 'use a Flatten layer');

export const transpose: LayerConverter = (context) => {
  const fields = fieldsOf(context, 'perm');
  const input = onlyInput(context);
  const rank = context.builder.shapeOf(input).length;
  const [batch, ...order] = fields.numbers(named(fields, 'axes', 'perm')).map((axis) => (axis < 0 ? axis + rank + 1 : axis));
  if (batch !== 0) return unsupported(context, 'a transposition of the batch is not supported', 'keep the batch in front');
  return context.builder.permute(
    context.layer,
    input,
    order.map((axis) => axis - 1),
  );
};

export const squeeze: LayerConverter = (context) => {
  const input = onlyInput(context);
  const shape = context.builder.shapeOf(input);
  const ones = shape.flatMap((length, axis) => (length === 1 ? [axis] : []));
  const fields = fieldsOf(context, 'axis');
  const axes = fields.has('axis') ? fields.axes('axis', shape.length, []) : ones;
  return context.builder.reshape(
    context.layer,
    input,
    shape.filter((_, axis) => !axes.includes(axis)),
  );
};

export const expandDimensions: LayerConverter = (context) => {
  const input = onlyInput(context);
  const shape = context.builder.shapeOf(input);
  const axes = fieldsOf(context, 'axis').axes('axis', shape.length + 1, [-1]);
  const [axis = 0] = axes;
  if (axes.length > 1) return unsupported(context, 'several new axes at once are not supported', 'add them one by one');
  return context.builder.reshape(context.layer, input, shape.toSpliced(axis, 0, 1));
};

export const concatenate: LayerConverter = (context) => {
  const values = operandsOf(context).map((operand, i) => asValue(context, operand, i));
  const rank = context.builder.shapeOf(values[0] ?? '').length;
  const [axis = 0] = fieldsOf(context, 'axis').axes('axis', rank, [-1]);
  return context.builder.concat(context.layer, values, axis);
};

export const stack: LayerConverter = (context) => {
  const { builder, layer } = context;
  const [first] = context.inputs;
  const rank = builder.shapeOf(first ?? '').length + 1;
  const [axis = 0] = fieldsOf(context, 'axis').axes('axis', rank, [-1]);
  const parts = context.inputs.map((input) => builder.reshape(layer, input, builder.shapeOf(input).toSpliced(axis, 0, 1)));
  return builder.concat(layer, parts, axis);
};

export const unstack: LayerConverter = (context) => {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const [axis = 0] = fieldsOf(context, 'num', 'axis').axes('axis', shape.length, [-1]);
  const parts = split(builder, layer, input, axis, new Array<number>(shape[axis] ?? 0).fill(1));
  return parts.map((part) => builder.reshape(layer, part, shape.toSpliced(axis, 1)));
};

/** A number of equal parts; Keras 3 lists where parts begin, TensorFlow how long they are. */
export const splitInto: LayerConverter = (context) => {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const fields = fieldsOf(context, 'num_or_size_splits', 'axis');
  const [axis = 0] = fields.axes('axis', shape.length, [-1]);
  const length = shape[axis] ?? 0;
  const begins = fields.has('indices_or_sections');
  const numbers = fields.numbers(begins ? 'indices_or_sections' : 'num_or_size_splits');
  const [count = 1] = numbers;
  const isCount = numericArray(fields.raw(begins ? 'indices_or_sections' : 'num_or_size_splits'))?.shape.length === 0;
  const lengths = isCount
    ? new Array<number>(count).fill(length / count)
    : begins
      ? [...numbers, length].map((end, i) => end - (numbers[i - 1] ?? 0))
      : numbers;
  return split(builder, layer, input, axis, lengths);
};

/** `[before, after]` an axis, or one pair for all; only constant values are written by TFLite's PAD. */
export const pad: LayerConverter = (context) => {
  const input = onlyInput(context);
  const fields = fieldsOf(context, 'paddings', 'mode');
  const mode = fields.string('mode', 'constant').toLowerCase();
  if (mode !== 'constant') return unsupported(context, `padding with mode "${mode}" is not supported`, 'pad with a constant');
  const stored = numericArray(listsOf(fields.raw(named(fields, 'pad_width', 'paddings'))));
  const rank = context.builder.shapeOf(input).length;
  if (stored?.shape.join() !== `${rank + 1},2` || stored.values[0] !== 0 || stored.values[1] !== 0)
    return unsupported(context, 'its widths are not one pair an axis with none for the batch', 'give [before, after] for each axis');
  const pairs = Array.from({ length: rank }, (_, axis) => [stored.values[2 * axis + 2] ?? 0, stored.values[2 * axis + 3] ?? 0] as const);
  return context.builder.pad(context.layer, input, pairs, fields.number('constant_values', 0));
};

/** Tuples that Keras 3 wraps, as plain lists. */
function listsOf(json: Json | undefined): Json | undefined {
  if (isObject(json) && isArray(json['items'])) return json['items'].map((item) => listsOf(item) ?? null);
  return isArray(json) ? json.map((item) => listsOf(item) ?? null) : json;
}

export const broadcastTo: LayerConverter = (context) => {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const [, ...target] = fieldsOf(context, 'shape').numbers('shape');
  const aligned = [...new Array<number>(target.length - shape.length).fill(1), ...shape];
  return repeated(
    builder,
    layer,
    builder.reshape(layer, input, aligned),
    target.map((length, axis) => length / (aligned[axis] ?? 1)),
  );
};

/** `tf.image.resize` and `keras.ops.image.resize`: half-pixel centres. */
export const resize: LayerConverter = (context) => {
  const fields = fieldsOf(context, 'size', 'method');
  const method = fields.string(named(fields, 'interpolation', 'method'), 'bilinear').toLowerCase();
  if (method !== 'bilinear' && method !== 'nearest')
    return unsupported(context, `resizing by "${method}" is not supported`, 'use "bilinear" or "nearest"');
  for (const option of ['antialias', 'crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'preserve_aspect_ratio'])
    if (fields.boolean(option, false))
      return unsupported(context, `resizing with ${option} is not supported`, `leave ${option} at its default`);
  return context.builder.resize(context.layer, onlyInput(context), fields.pair('size'), method, 'halfPixel');
};

export const depthToSpace: LayerConverter = (context) =>
  context.builder.depthToSpace(context.layer, onlyInput(context), fieldsOf(context, 'block_size').integer('block_size'));
export const spaceToDepth: LayerConverter = (context) =>
  context.builder.spaceToDepth(context.layer, onlyInput(context), fieldsOf(context, 'block_size').integer('block_size'));

/** What stands between the brackets of `x[…]` for one axis. */
type Item =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly start: number | undefined; readonly stop: number | undefined; readonly step: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'newAxis' };

/** `x[:, 1:5, 0]`: Keras 3 stores the key as the second argument, Keras 2 as `slice_spec`. */
export const getItem: LayerConverter = (context) => {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const shape = [1, ...builder.shapeOf(input)];
  const stored = context.keywords['slice_spec'] ?? context.keywords['key'] ?? context.arguments[1];
  const written = keyItems(stored).map((item) => parseItem(item, context));
  const selecting = written.filter(({ kind }) => kind === 'index' || kind === 'slice').length;
  const whole: Item = { kind: 'slice', start: undefined, stop: undefined, step: 1 };
  const rest = new Array<Item>(Math.max(shape.length - selecting, 0)).fill(whole);
  const items = written.some(({ kind }) => kind === 'rest')
    ? written.flatMap((item) => (item.kind === 'rest' ? rest : [item]))
    : [...written, ...rest];
  const crops: { readonly from: number; readonly count: number; readonly step: number }[] = [];
  const kept: number[] = [];
  for (const item of items) {
    if (item.kind === 'newAxis') {
      kept.push(1);
      continue;
    }
    const crop = cropOf(item, shape[crops.length] ?? 0, context);
    crops.push(crop);
    if (item.kind !== 'index') kept.push(crop.count);
  }
  const [batch, ...cropped] = crops;
  if (crops.length !== shape.length || batch?.count !== 1 || items[0]?.kind !== 'slice')
    return unsupported(context, 'a selection along the batch is not supported', 'begin with [:, …]');
  const cut = builder.crop(
    layer,
    input,
    cropped.map(({ from }) => from),
    cropped.map(({ count }) => count),
    cropped.map(({ step }) => step),
  );
  const result: Shape = kept.slice(1);
  return result.length === cropped.length && !written.some(({ kind }) => kind === 'newAxis') ? cut : builder.reshape(layer, cut, result);
};

function keyItems(key: Json | undefined): readonly Json[] {
  if (isObject(key) && isArray(key['items'])) return key['items'];
  return isArray(key) ? key : key === undefined ? [] : [key];
}

function parseItem(json: Json, context: LayerContext): Item {
  if (json === null) return { kind: 'newAxis' };
  if (typeof json === 'number') return { kind: 'index', index: json };
  if (isObject(json)) {
    const className = json['class_name'];
    if (className === '__ellipsis__') return { kind: 'rest' };
    const bounds = isObject(json['config']) ? json['config'] : json;
    if (className === '__slice__' || className === 'slice' || 'start' in bounds) {
      const bound = (key: string): number | undefined => {
        const value = bounds[key];
        return typeof value === 'number' ? value : undefined;
      };
      return { kind: 'slice', start: bound('start'), stop: bound('stop'), step: bound('step') ?? 1 };
    }
  }
  throw new EspalierError('unsupported-model', `a selection by ${JSON.stringify(json).slice(0, 60)} is not supported`, {
    where: context.config.where,
    fix: 'select by numbers and slices',
  });
}

function cropOf(
  item: Exclude<Item, { kind: 'newAxis' }>,
  length: number,
  context: LayerContext,
): { from: number; count: number; step: number } {
  if (item.kind === 'rest') return { from: 0, count: length, step: 1 };
  if (item.kind === 'index') return { from: item.index < 0 ? item.index + length : item.index, count: 1, step: 1 };
  if (item.step < 1) return unsupported(context, 'a selection backwards is not supported', 'select forwards');
  const bound = (value: number): number => Math.min(Math.max(value < 0 ? value + length : value, 0), length);
  const [from, to] = [bound(item.start ?? 0), bound(item.stop ?? length)];
  return { from, count: Math.ceil((to - from) / item.step), step: item.step };
}
