/**
 * Wrappers that TensorFlow's Model Optimization Toolkit leaves around layers unless they are stripped. They are taken off:
 * the kernel as pruned or clustered is what the layer computes with, and ranges of quantizers are offered to calibration.
 */
import { EspalierError } from '../../errors.ts';
import type { WeightTensor } from '../weights.ts';

const wrappers = [
  'PruneLowMagnitude',
  'ClusterWeights',
  'ClusterWeightsRNN',
  'QuantizeAnnotate',
  'QuantizeWrapper',
  'QuantizeWrapperV2',
] as const;

export type TfmotWrapper = (typeof wrappers)[number];

export function isTfmotWrapper(className: string): className is TfmotWrapper {
  return wrappers.some((wrapper) => wrapper === className);
}

export interface UnwrappedLayer {
  /** Of the layer itself. */
  readonly tensors: readonly WeightTensor[];
  /** Of its output, as the quantizer saw it. */
  readonly range: { readonly minimum: number; readonly maximum: number } | undefined;
}

/** What the wrapper stores beside the layer's own weights. */
export function unwrap(wrapper: TfmotWrapper, tensors: readonly WeightTensor[], where: string): UnwrappedLayer {
  if (tensors.some(({ name }) => name.startsWith(withoutNames))) return unwrapUnnamed(wrapper, tensors, where);
  switch (wrapper) {
    case 'PruneLowMagnitude':
      return { tensors: masked(tensors, where), range: undefined };
    case 'ClusterWeights':
    case 'ClusterWeightsRNN':
      return { tensors: clustered(tensors, where), range: undefined };
    case 'QuantizeAnnotate':
    case 'QuantizeWrapper':
    case 'QuantizeWrapperV2':
      return { tensors: tensors.filter((tensor) => !isQuantizerState(nameOf(tensor))), range: outputRange(tensors) };
  }
}

/** How files without names of weights say that one belongs to the layer inside. */
const withoutNames = 'layer/';

function unwrapUnnamed(wrapper: TfmotWrapper, tensors: readonly WeightTensor[], where: string): UnwrappedLayer {
  const own = tensors
    .filter(({ name }) => name.startsWith(withoutNames))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(withoutNames.length) }));
  const state = tensors.filter(({ name }) => !name.startsWith(withoutNames));
  if (wrapper === 'PruneLowMagnitude') {
    const masks = state.filter(({ shape }) => shape.length > 1).map((tensor) => ({ ...tensor, name: 'mask' }));
    return { tensors: masked([...own, ...masks], where), range: undefined };
  }
  if (wrapper === 'ClusterWeights' || wrapper === 'ClusterWeightsRNN')
    throw new EspalierError('unsupported-model', 'holds clustered weights without names', {
      where,
      fix: 'save the model as .h5, or strip the wrappers with tfmot.clustering.keras.strip_clustering',
    });
  return { tensors: own, range: undefined };
}

function nameOf({ name }: WeightTensor): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/:\d+$/, '');
}

/** The mask belongs to the kernel before it: several kernels (of an LSTM) come with a mask each, in their order. */
function masked(tensors: readonly WeightTensor[], where: string): readonly WeightTensor[] {
  const state = new Set(['mask', 'threshold', 'pruning_step']);
  const isState = (tensor: WeightTensor): boolean => state.has(nameOf(tensor).replace(/_\d+$/, ''));
  const own = tensors.filter((tensor) => !isState(tensor));
  const masks = tensors.filter((tensor) => nameOf(tensor).replace(/_\d+$/, '') === 'mask');
  const prunable = own.filter((tensor) => tensor.shape.length > 1 && masks.some((mask) => mask.shape.join() === tensor.shape.join()));
  if (masks.length !== prunable.length)
    throw new EspalierError('invalid-model', `has ${masks.length} pruning masks for ${prunable.length} kernels of their shapes`, {
      where,
      fix: 'strip the wrappers with tfmot.sparsity.keras.strip_pruning and save the model again',
    });
  return own.map((tensor) => {
    const mask = masks[prunable.indexOf(tensor)];
    if (mask === undefined) return tensor;
    return {
      ...tensor,
      read: () => {
        const kept = mask.read();
        return tensor.read().map((weight, i) => (kept[i] === 0 ? 0 : weight));
      },
    };
  });
}

/** Clustered weights are centroids at indices; the unclustered ones beside them are what training moves. */
function clustered(tensors: readonly WeightTensor[], where: string): readonly WeightTensor[] {
  const find = (prefix: string, of: string): WeightTensor | undefined => tensors.find((tensor) => nameOf(tensor) === `${prefix}_${of}`);
  const own = tensors.filter((tensor) => !/^(cluster_centroids|pulling_indices|original_weight)_/.test(nameOf(tensor)));
  const names = tensors.flatMap((tensor) => /^pulling_indices_(.+)$/.exec(nameOf(tensor))?.[1] ?? []);
  const rebuilt = names.map((name): WeightTensor => {
    const [indices, centroids] = [find('pulling_indices', name), find('cluster_centroids', name)];
    if (indices === undefined || centroids === undefined)
      throw new EspalierError('invalid-model', `has cluster indices of "${name}" without centroids`, {
        where,
        fix: 'strip the wrappers with tfmot.clustering.keras.strip_clustering and save the model again',
      });
    return { name, shape: indices.shape, read: () => looked(indices, centroids) };
  });
  const kept = own.filter((tensor) => !names.includes(nameOf(tensor)));
  return [...rebuilt, ...kept];
}

/** Centroids `[clusters]`, or `[channels, clusters]` of the last axis. */
function looked(indices: WeightTensor, centroids: WeightTensor): Float32Array {
  const values = centroids.read();
  const byChannel = centroids.shape.length > 1;
  const clusters = centroids.shape.at(-1) ?? 1;
  const channels = indices.shape.at(-1) ?? 1;
  return indices.read().map((index, i) => values[(byChannel ? (i % channels) * clusters : 0) + index] ?? Number.NaN);
}

function isQuantizerState(name: string): boolean {
  return /^(optimizer_step|.+_(min|max))$/.test(name);
}

/** Of the quantizer of a layer's output or of the activation in it, or of the model's input (`QuantizeLayer`). */
export function outputRange(tensors: readonly WeightTensor[]): UnwrappedLayer['range'] {
  for (const prefix of ['output', 'post_activation', 'quantize_layer']) {
    const bounds = (['min', 'max'] as const).map((side) => tensors.find((tensor) => nameOf(tensor) === `${prefix}_${side}`)?.read()[0]);
    const [minimum, maximum] = bounds;
    if (minimum !== undefined && maximum !== undefined && minimum < maximum) return { minimum, maximum };
  }
  return undefined;
}
