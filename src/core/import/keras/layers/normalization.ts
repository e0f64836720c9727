import { EspalierError } from '../../../errors.ts';
import { clipped, groupNormalized, normalized, rootMeanSquareNormalized } from '../../../network/compositions.ts';
import type { Parameter, Shape, ValueId } from '../../../network/network.ts';
import { isArray, isObject, type Json } from '../../json.ts';
import { type LayerContext, type LayerConverters, onlyInput, unsupported, weights } from '../layer-converter.ts';
import { toChannelsFirst } from './channels-first.ts';

function batchNormalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const rank = shape.length;
  const [axis = rank - 1, ...more] = config.axes('axis', rank, [-1]);
  if (more.length > 0) unsupported(context, 'batch normalization over several axes is not supported', 'normalise over the channels only');
  const [scale, center] = [config.boolean('scale', true), config.boolean('center', true)];
  const names = [...(scale ? ['gamma'] : []), ...(center ? ['beta'] : []), 'moving_mean', 'moving_variance'];
  const tensors = weights(context, names);
  const channels = shape[axis] ?? 0;
  const parameter = (name: string, otherwise: number): Parameter =>
    context.once(name, () => {
      const tensor = tensors[names.indexOf(name)];
      return tensor === undefined
        ? { shape: [channels], data: new Float32Array(channels).fill(otherwise) }
        : { shape: tensor.shape, data: tensor.read() };
    });
  const options = {
    gamma: parameter('gamma', 1),
    beta: parameter('beta', 0),
    mean: parameter('moving_mean', 0),
    variance: parameter('moving_variance', 1),
    epsilon: config.number('epsilon', 1e-3),
    momentum: config.number('momentum', 0.99),
  };
  if (axis === rank - 1) return builder.batchNorm(layer, input, options);
  if (axis !== 0) return unsupported(context, `batch normalization over axis ${axis + 1} is not supported`, 'normalise over the channels');
  const last = builder.permute(
    layer,
    input,
    Array.from({ length: rank }, (_, i) => (i + 1) % rank),
  );
  return builder.permute(layer, builder.batchNorm(layer, last, options), toChannelsFirst(rank));
}

/** Gamma and beta of a normalization, of the shape that they are stored in; those that it lacks are left out. */
function gammaAndBeta(
  context: LayerContext,
  shape: Shape,
): { readonly gamma?: Parameter | undefined; readonly beta?: Parameter | undefined } {
  const { config } = context;
  const names = [...(config.boolean('scale', true) ? ['gamma'] : []), ...(config.boolean('center', true) ? ['beta'] : [])];
  const tensors = names.length === 0 ? [] : weights(context, names);
  const parameter = (name: string): Parameter | undefined => {
    const tensor = tensors[names.indexOf(name)];
    return tensor === undefined ? undefined : context.once(name, () => ({ shape, data: tensor.read() }));
  };
  return { gamma: parameter('gamma'), beta: parameter('beta') };
}

/** Over the axes that it names; gamma and beta have their shape. RMS scaling takes no mean away. */
function layerNormalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const axes = config.axes('axis', shape.length, [-1]);
  if (config.boolean('rms_scaling', false)) unsupported(context, 'rms_scaling is not supported', 'use rms_scaling=False');
  const stored = shape.map((length, axis) => (axes.includes(axis) ? length : 1)).slice(Math.min(...axes));
  return normalized(builder, layer, input, { axes, epsilon: config.number('epsilon', 1e-3), ...gammaAndBeta(context, stored) });
}

function groupNormalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const rank = builder.shapeOf(input).length;
  const [axis = rank - 1] = config.axes('axis', rank, [-1]);
  const lastFirst = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  const channelsLast = axis === rank - 1 ? input : builder.permute(layer, input, lastFirst);
  const channels = builder.shapeOf(channelsLast).at(-1) ?? 1;
  const groups = config.integer('groups', 32);
  const output = groupNormalized(builder, layer, channelsLast, {
    // -1 is a group of its own for each channel: instance normalization.
    groups: groups === -1 ? channels : groups,
    epsilon: config.number('epsilon', 1e-3),
    ...gammaAndBeta(context, [channels]),
  });
  return axis === rank - 1 ? output : builder.permute(layer, output, lastFirst);
}

/** To length 1 along the axes. */
function unitNormalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const axes = config.axes('axis', shape.length, [-1]);
  if (axes.length === 1 && axes[0] === shape.length - 1) return builder.activation(layer, input, 'l2Normalize');
  const squares = builder.reduce(layer, builder.binary(layer, 'mul', input, input), 'sum', axes, true);
  const bounded = clipped(builder, layer, squares, 1e-12, Infinity);
  return builder.binary(layer, 'mul', input, builder.unary(layer, bounded, 'rsqrt'));
}

/** Zhang & Sennrich 2019, arXiv:1910.07467: over the root of the mean square, without a mean taken away. */
function rmsNormalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const axes = config.axes('axis', shape.length, [-1]);
  const [scale] = weights(context, ['scale']);
  const stored = shape.map((length, axis) => (axes.includes(axis) ? length : 1)).slice(Math.min(...axes));
  const gamma = context.once('scale', () => ({ shape: stored, data: scale?.read() ?? new Float32Array() }));
  return rootMeanSquareNormalized(builder, layer, input, { axes, epsilon: config.number('epsilon', 1e-6), gamma });
}

/** `x * scale + offset`. */
function rescaling(context: LayerContext): ValueId {
  const constant = (key: string, otherwise: number): Float32Array =>
    context.once(key, () => {
      const values = context.config.has(key) ? context.config.numbers(key) : [otherwise];
      return { shape: [values.length], data: Float32Array.from(values) };
    }).data;
  return context.builder.rescale(context.layer, onlyInput(context), constant('scale', 1), constant('offset', 0));
}

/** `(x - mean) / max(sqrt(variance), 1e-7)`, or its inverse. The statistics stand in the config or among the weights. */
function normalization(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const channels = builder.shapeOf(input).at(-1) ?? 0;
  const read = (key: string): Float32Array => {
    const stored = flatten(config.raw(key));
    const values =
      stored.length > 0
        ? Float32Array.from(stored)
        : weights({ ...context, tensors: context.tensors.slice(0, 2) }, ['mean', 'variance'])[key === 'mean' ? 0 : 1]?.read();
    if (values === undefined || (values.length !== 1 && values.length !== channels)) {
      throw new EspalierError(
        'unsupported-model',
        `normalises over ${values?.length ?? 0} values, supported are one or one a channel (${channels})`,
        { where: config.where },
      );
    }
    return values;
  };
  const parameters = (): { scale: Float32Array; offset: Float32Array } => {
    const [mean, variance] = [read('mean'), read('variance')];
    const deviation = variance.map((v) => Math.max(Math.sqrt(v), 1e-7));
    const inverse = config.boolean('invert', false);
    return {
      scale: deviation.map((d) => (inverse ? d : 1 / d)),
      offset: deviation.map((d, c) => (inverse ? (mean[c] ?? 0) : -(mean[c] ?? 0) / d)),
    };
  };
  const scale = context.once('scale', () => {
    const data = parameters().scale;
    return { shape: [data.length], data };
  });
  const offset = context.once('offset', () => {
    const data = parameters().offset;
    return { shape: [data.length], data };
  });
  return builder.rescale(layer, input, scale.data, offset.data);
}

function flatten(json: Json | undefined): readonly number[] {
  if (typeof json === 'number') return [json];
  if (isArray(json)) return json.flatMap(flatten);
  if (isObject(json)) return flatten(json['items'] ?? (isObject(json['config']) ? json['config']['value'] : undefined));
  return [];
}

export const normalizationLayers: LayerConverters = {
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  UnitNormalization: unitNormalization,
  RMSNormalization: rmsNormalization,
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  BatchNormalizationV2: batchNormalization,
  SyncBatchNormalization: batchNormalization,
  Rescaling: rescaling,
  Normalization: normalization,
};
