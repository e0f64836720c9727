/** Weights that a file keeps as one list for a whole model: nested models in .h5, and TFJS. */
import { lastComponent, type LayerReference, type WeightScope, type WeightTensor } from '../weights.ts';
import type { KerasModel } from './model-config.ts';
import { weightSlots } from './weight-slots.ts';

/**
 * Finds a layer's weights by the names in their paths (`…/layer/kernel`); where names repeat or are missing, by the
 * order in which Keras saves them.
 */
export function flatWeights(model: KerasModel, tensors: readonly WeightTensor[]): WeightScope {
  const byOrder = assignByOrder(model, tensors);
  return scope(model, tensors, byOrder, []);
}

function scope(
  model: KerasModel,
  tensors: readonly WeightTensor[],
  byOrder: ReadonlyMap<string, readonly WeightTensor[]> | undefined,
  path: readonly string[],
): WeightScope {
  return {
    layer: (reference) => {
      const named = tensors.filter((tensor) => tensor.name.split('/').at(-2) === reference.name);
      const unique = new Set(named.map((tensor) => lastComponent(tensor.name))).size === named.length;
      const ordered = byOrder?.get([...path, reference.name].join('/'));
      if (named.length > 0 && unique && (ordered === undefined || named.length === ordered.length)) return named;
      // The weights of a layer of parts, such as attention, stand under the names of these.
      const within = tensors.filter((tensor) => tensor.name.split('/').slice(0, -1).includes(reference.name));
      return ordered ?? (within.length > named.length ? within : unique ? named : []);
    },
    nested: (reference: LayerReference) => {
      const inner = model.layers[reference.index]?.model;
      if (inner === undefined) throw new Error(`layer "${reference.name}" is no model`);
      const within = tensors.filter((tensor) => tensor.name.split('/').includes(reference.name));
      return scope(inner, within.length > 0 ? within : tensors, byOrder, [...path, reference.name]);
    },
  };
}

/** Undefined when the number of weights is not the one that the model's layers have. */
function assignByOrder(model: KerasModel, tensors: readonly WeightTensor[]): ReadonlyMap<string, readonly WeightTensor[]> | undefined {
  const slots = weightSlots(model);
  if (slots.length !== tensors.length) return undefined;
  const assigned = new Map<string, WeightTensor[]>();
  for (const [index, slot] of slots.entries()) {
    const tensor = tensors[index];
    if (tensor === undefined) return undefined;
    // A name that disagrees shows that the order is another one.
    const name = lastComponent(tensor.name);
    if (
      /^(kernel|bias|gamma|beta|moving_mean|moving_variance|depthwise_kernel|pointwise_kernel)$/.test(name) &&
      name !== slot.name &&
      !(name === 'kernel' && slot.name === 'depthwise_kernel')
    )
      return undefined;
    const layer = slot.path.join('/');
    assigned.set(layer, [...(assigned.get(layer) ?? []), tensor]);
  }
  return assigned;
}
