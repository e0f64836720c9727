/** Which weights a layer has and in which order: what files without usable names rely on. */
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

function slotsOfLayer(layer: KerasLayer): readonly { readonly name: string; readonly trainable: boolean }[] {
  const { className, config } = layer;
  const trained = (...names: readonly string[]): { name: string; trainable: boolean }[] => names.map((name) => ({ name, trainable: true }));
  const bias = config['use_bias'] === false ? [] : ['bias'];
  if (className.startsWith('Separable')) return trained('depthwise_kernel', 'pointwise_kernel', ...bias);
  if (className.startsWith('DepthwiseConv')) return trained('depthwise_kernel', ...bias);
  if (className === 'Dense' || /^Conv(olution)?[12]D(Transpose)?$/.test(className)) return trained('kernel', ...bias);
  if (className.includes('BatchNormalization')) {
    return [
      ...trained(...(config['scale'] === false ? [] : ['gamma']), ...(config['center'] === false ? [] : ['beta'])),
      { name: 'moving_mean', trainable: false },
      { name: 'moving_variance', trainable: false },
    ];
  }
  if (className === 'PReLU') return trained('alpha');
  if (className === 'Embedding') return trained('embeddings');
  if (className === 'Normalization') return ['mean', 'variance', 'count'].map((name) => ({ name, trainable: false }));
  return [];
}
