import type { ValueId } from '../../../network/network.ts';
import type { Pair } from '../../../network/operations.ts';
import { inputRank, type LayerContext, type LayerConverter, type LayerConverters, onlyInput } from '../layer-converter.ts';
import { inChannelsLast } from './channels-first.ts';

type PoolFunction = 'max' | 'average';

const pool2d =
  (name: PoolFunction): LayerConverter =>
  (context) => {
    inputRank(context, 3);
    const size = context.config.pair('pool_size', [2, 2]);
    return inChannelsLast(context, onlyInput(context), (input) =>
      context.builder.pool2d(context.layer, input, name, size, {
        strides: context.config.pair('strides', size),
        padding: context.config.padding(),
      }),
    );
  };

const pool1d =
  (name: PoolFunction): LayerConverter =>
  (context) => {
    inputRank(context, 2);
    const { builder, layer, config } = context;
    const size: Pair = [1, config.number('pool_size', 2)];
    return inChannelsLast(context, onlyInput(context), (input) => {
      const pooled = builder.pool2d(layer, asImage(context, input), name, size, {
        strides: [1, config.number('strides', size[1])],
        padding: config.padding(),
      });
      return builder.reshape(layer, pooled, builder.shapeOf(pooled).slice(1));
    });
  };

const globalPool2d =
  (name: PoolFunction): LayerConverter =>
  (context) => {
    inputRank(context, 3);
    return inChannelsLast(context, onlyInput(context), (input) =>
      context.builder.globalPool(context.layer, input, name, context.config.boolean('keepdims', false)),
    );
  };

const globalPool1d =
  (name: PoolFunction): LayerConverter =>
  (context) => {
    inputRank(context, 2);
    const { builder, layer, config } = context;
    return inChannelsLast(context, onlyInput(context), (input) => {
      const pooled = builder.globalPool(layer, asImage(context, input), name);
      return config.boolean('keepdims', false) ? builder.reshape(layer, pooled, [1, ...builder.shapeOf(pooled)]) : pooled;
    });
  };

function asImage(context: LayerContext, input: ValueId): ValueId {
  return context.builder.reshape(context.layer, input, [1, ...context.builder.shapeOf(input)]);
}

export const poolingLayers: LayerConverters = {
  MaxPooling2D: pool2d('max'),
  MaxPool2D: pool2d('max'),
  AveragePooling2D: pool2d('average'),
  AvgPool2D: pool2d('average'),
  MaxPooling1D: pool1d('max'),
  MaxPool1D: pool1d('max'),
  AveragePooling1D: pool1d('average'),
  AvgPool1D: pool1d('average'),
  GlobalMaxPooling2D: globalPool2d('max'),
  GlobalMaxPool2D: globalPool2d('max'),
  GlobalAveragePooling2D: globalPool2d('average'),
  GlobalAvgPool2D: globalPool2d('average'),
  GlobalMaxPooling1D: globalPool1d('max'),
  GlobalMaxPool1D: globalPool1d('max'),
  GlobalAveragePooling1D: globalPool1d('average'),
  GlobalAvgPool1D: globalPool1d('average'),
};
