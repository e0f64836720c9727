import { EspalierError } from '../../../errors.ts';
import { repeated } from '../../../network/selection.ts';
import type { ValueId } from '../../../network/network.ts';
import { elementCount } from '../../../network/shapes/shape.ts';
import { isArray } from '../../json.ts';
import type { LayerConfig } from '../layer-config.ts';
import { inputRank, type LayerContext, type LayerConverters, onlyInput, unsupported } from '../layer-converter.ts';
import { inChannelsLast } from './channels-first.ts';

type Sides = readonly [number, number];

/** A number for all sides, one a axis, or `[before, after]` an axis. */
function sides2d(config: LayerConfig, key: string): readonly [Sides, Sides] {
  const value = config.raw(key);
  if (isArray(value) && value.some(isArray)) {
    const pairs = value.map((pair) => (isArray(pair) ? pair.map(Number) : [Number(pair), Number(pair)]));
    const [[top, bottom] = [], [left, right] = []] = pairs;
    if (pairs.length === 2 && top !== undefined && bottom !== undefined && left !== undefined && right !== undefined)
      return [
        [top, bottom],
        [left, right],
      ];
    throw new EspalierError('invalid-model', `"${key}" should hold two pairs of numbers`, { where: config.where });
  }
  const [vertical, horizontal] = config.pair(key);
  return [
    [vertical, vertical],
    [horizontal, horizontal],
  ];
}

function sides1d(config: LayerConfig, key: string): Sides {
  return config.pair(key);
}

function zeroPadding2d(context: LayerContext): ValueId {
  inputRank(context, 3);
  const [vertical, horizontal] = sides2d(context.config, 'padding');
  return inChannelsLast(context, onlyInput(context), (input) => context.builder.pad(context.layer, input, [vertical, horizontal, [0, 0]]));
}

function zeroPadding1d(context: LayerContext): ValueId {
  inputRank(context, 2);
  return inChannelsLast(context, onlyInput(context), (input) =>
    context.builder.pad(context.layer, input, [sides1d(context.config, 'padding'), [0, 0]]),
  );
}

function crop(context: LayerContext, input: ValueId, sides: readonly Sides[]): ValueId {
  const shape = context.builder.shapeOf(input);
  const begin = shape.map((_, axis) => sides[axis]?.[0] ?? 0);
  return context.builder.crop(
    context.layer,
    input,
    begin,
    shape.map((length, axis) => length - (begin[axis] ?? 0) - (sides[axis]?.[1] ?? 0)),
  );
}

function cropping2d(context: LayerContext): ValueId {
  inputRank(context, 3);
  return inChannelsLast(context, onlyInput(context), (input) => crop(context, input, sides2d(context.config, 'cropping')));
}

function cropping1d(context: LayerContext): ValueId {
  inputRank(context, 2);
  return inChannelsLast(context, onlyInput(context), (input) => crop(context, input, [sides1d(context.config, 'cropping')]));
}

function upSampling2d(context: LayerContext): ValueId {
  inputRank(context, 3);
  const interpolation = context.config.string('interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear')
    unsupported(context, `interpolation "${interpolation}" is not supported`, 'use "nearest" or "bilinear"');
  return inChannelsLast(context, onlyInput(context), (input) =>
    context.builder.upsample(context.layer, input, context.config.pair('size', [2, 2]), interpolation),
  );
}

/** Each step is repeated: nearest upsampling of an image of width 1. */
function upSampling1d(context: LayerContext): ValueId {
  const [length = 0, channels = 0] = inputRank(context, 2);
  const { builder, layer } = context;
  const image = builder.reshape(layer, onlyInput(context), [length, 1, channels]);
  const factor = context.config.number('size', 2);
  return builder.reshape(layer, builder.upsample(layer, image, [factor, 1]), [length * factor, channels]);
}

/** Bilinear or nearest, both with half-pixel centres; crops and pads to a ratio are other functions. */
function resizing(context: LayerContext): ValueId {
  inputRank(context, 3);
  const { builder, layer, config } = context;
  const interpolation = config.string('interpolation', 'bilinear').toLowerCase();
  if (interpolation !== 'nearest' && interpolation !== 'bilinear')
    return unsupported(context, `interpolation "${interpolation}" is not supported`, 'use "nearest" or "bilinear"');
  for (const option of ['crop_to_aspect_ratio', 'pad_to_aspect_ratio', 'antialias'])
    if (config.boolean(option, false)) unsupported(context, `Resizing with ${option} is not supported`, `leave ${option} at its default`);
  const size = [config.integer('height'), config.integer('width')] as const;
  return inChannelsLast(context, onlyInput(context), (input) => builder.resize(layer, input, size, interpolation, 'halfPixel'));
}

/** Cuts the middle out of a larger image; the odd row or column more is at the end, as Keras does it. */
function centerCrop(context: LayerContext): ValueId {
  inputRank(context, 3);
  const { builder, layer, config } = context;
  const [height, width] = [config.integer('height'), config.integer('width')];
  return inChannelsLast(context, onlyInput(context), (input) => {
    const [h = 0, w = 0, c = 0] = builder.shapeOf(input);
    if (h < height || w < width)
      return unsupported(
        context,
        `a CenterCrop of ${height}x${width} from ${h}x${w} is not supported: Keras resizes there`,
        'use a Resizing layer',
      );
    return builder.crop(layer, input, [Math.floor((h - height) / 2), Math.floor((w - width) / 2), 0], [height, width, c]);
  });
}

/** Keras 3's `ops.reshape` names its target otherwise, and counts the batch. */
function reshape(context: LayerContext): ValueId {
  if (!context.config.has('newshape')) return reshapeTo(context, targetShape(context.config));
  const [batch, ...target] = context.config.numbers('newshape');
  if (batch !== -1 && batch !== 1)
    return unsupported(context, `a reshape to a batch of ${batch ?? 'nothing'} is not supported`, 'keep the batch in front, as -1');
  return reshapeTo(context, target);
}

function targetShape(config: LayerConfig): readonly number[] {
  // TFJS writes the open length as null.
  const stored = config.raw('target_shape');
  return isArray(stored) && stored.includes(null)
    ? stored.map((length) => (length === null ? -1 : Number(length)))
    : config.numbers('target_shape');
}

export function reshapeTo(context: LayerContext, target: readonly number[]): ValueId {
  const input = onlyInput(context);
  const elements = elementCount(context.builder.shapeOf(input));
  const known = target.filter((length) => length !== -1).reduce((product, length) => product * length, 1);
  return context.builder.reshape(
    context.layer,
    input,
    target.map((length) => (length === -1 ? elements / known : length)),
  );
}

/** A channels-first Flatten moves the channels to the end first, as Keras does. */
function flatten(context: LayerContext): ValueId {
  const input = onlyInput(context);
  const { builder, layer, config } = context;
  const rank = builder.shapeOf(input).length;
  const moved =
    config.channelsFirst() && rank > 1
      ? builder.permute(
          layer,
          input,
          Array.from({ length: rank }, (_, axis) => (axis + 1) % rank),
        )
      : input;
  return builder.flatten(layer, moved);
}

/** Keras counts the axes from 1. */
function permute(context: LayerContext): ValueId {
  return context.builder.permute(
    context.layer,
    onlyInput(context),
    context.config.numbers('dims').map((axis) => axis - 1),
  );
}

function repeatVector(context: LayerContext): ValueId {
  const [length = 0] = inputRank(context, 1);
  const { builder, layer, config } = context;
  return repeated(builder, layer, builder.reshape(layer, onlyInput(context), [1, length]), [config.integer('n')]);
}

export const reshapingLayers: LayerConverters = {
  ZeroPadding2D: zeroPadding2d,
  ZeroPadding1D: zeroPadding1d,
  Cropping2D: cropping2d,
  Cropping1D: cropping1d,
  UpSampling2D: upSampling2d,
  UpSampling1D: upSampling1d,
  Reshape: reshape,
  Flatten: flatten,
  Permute: permute,
  RepeatVector: repeatVector,
  Resizing: resizing,
  CenterCrop: centerCrop,
};
