/** Which weights a layer has and in which order: what files without usable names rely on. */
import { isObject } from '../json.ts';
import { LayerConfig } from './layer-config.ts';
import type { KerasLayer, KerasModel } from './model-config.ts';

export interface WeightSlot {
  /** The names of the layers from the model down to the one that owns the weight. */
  readonly path: readonly string[];
  readonly name: string;
  readonly trainable: boolean;
}

/** All weights of a model as Keras saves a nested one: the trainable ones of every layer, then the others. */
export function weightSlots(model: KerasModel): readonly WeightSlot[] {
  const slots = slotsOfModel(model, [], true);
  return [...slots.filter((slot) => slot.trainable), ...slots.filter((slot) => !slot.trainable)];
}

/** Whether a layer, or any layer of a nested model, has weights. */
export function hasWeights(layer: KerasLayer): boolean {
  return layer.model === undefined ? slotsOfLayer(layer).length > 0 : layer.model.layers.some(hasWeights);
}

function slotsOfModel(model: KerasModel, path: readonly string[], trainable: boolean): readonly WeightSlot[] {
  return model.layers.flatMap((layer) => {
    const own = trainable && layer.config['trainable'] !== false;
    const inner = [...path, layer.name];
    return layer.model === undefined
      ? slotsOfLayer(layer).map((slot) => ({ path: inner, name: slot.name, trainable: own && slot.trainable }))
      : slotsOfModel(layer.model, inner, own);
  });
}

function slotsOfLayer({ className, config }: Pick<KerasLayer, 'className' | 'config'>): readonly OwnSlot[] {
  const fields = new LayerConfig(config, '');
  const trained = (...names: readonly string[]): OwnSlot[] => names.map((name) => ({ name, trainable: true }));
  const bias = fields.boolean('use_bias', true) ? ['bias'] : [];
  // A field of this name is a number in other layers.
  const affine = (): readonly string[] => [
    ...(fields.boolean('scale', true) ? ['gamma'] : []),
    ...(fields.boolean('center', true) ? ['beta'] : []),
  ];
  const inner = config['layer'];
  const innerSlots =
    isObject(inner) && typeof inner['class_name'] === 'string' && isObject(inner['config'])
      ? slotsOfLayer({ className: inner['class_name'], config: inner['config'] })
      : [];
  if (className.startsWith('Separable')) return trained('depthwise_kernel', 'pointwise_kernel', ...bias);
  if (className.startsWith('DepthwiseConv')) return trained('depthwise_kernel', ...bias);
  if (className === 'Dense' || /^Conv(olution)?[12]D(Transpose)?$/.test(className)) return trained('kernel', ...bias);
  if (className.includes('BatchNormalization'))
    return [...trained(...affine()), { name: 'moving_mean', trainable: false }, { name: 'moving_variance', trainable: false }];
  switch (className) {
    case 'LSTM':
    case 'GRU':
    case 'SimpleRNN':
      return trained('kernel', 'recurrent_kernel', ...bias);
    case 'Bidirectional':
      return [...innerSlots, ...innerSlots];
    case 'TimeDistributed':
      return innerSlots;
    case 'LayerNormalization':
    case 'GroupNormalization':
      return trained(...affine());
    case 'MultiHeadAttention':
      return ['query', 'key', 'value', 'attention_output'].flatMap((part) =>
        trained(...['kernel', ...bias].map((name) => `${part}/${name}`)),
      );
    case 'Attention':
      return fields.boolean('use_scale', false) ? trained('scale') : [];
    case 'PReLU':
      return trained('alpha');
    case 'Embedding':
      return trained('embeddings');
    case 'Normalization':
      return ['mean', 'variance', 'count'].map((name) => ({ name, trainable: false }));
    default:
      return [];
  }
}

interface OwnSlot {
  readonly name: string;
  readonly trainable: boolean;
}
