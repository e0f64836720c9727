import { EspalierError } from '../../errors.ts';
import { decode } from '../../protobuf/message.ts';
import type { LayerReference, WeightScope, WeightTensor } from '../weights.ts';
import type { KerasModel } from '../keras/model-config.ts';
import { hasWeights } from '../keras/weight-slots.ts';
import { trackableObjectGraph } from './messages.ts';
import type { TensorBundle } from './tensor-bundle.ts';

interface GraphNode {
  readonly children: ReadonlyMap<string, number>;
  /** Key of the checkpoint, for variables. */
  readonly key: string | undefined;
}

/** The checkpoint's object graph: `layer_with_weights-<n>` leads to the n-th layer that has weights, and on by attribute name. */
export function objectGraphWeights(model: KerasModel, bundle: TensorBundle, where: string): WeightScope {
  const stored = bundle.string('_CHECKPOINTABLE_OBJECT_GRAPH');
  if (stored === undefined)
    throw new EspalierError('unsupported-model', 'its checkpoint has no object graph', {
      where,
      fix: 'save the model with TensorFlow 2 (model.save(folder))',
    });
  const nodes = decode(trackableObjectGraph, stored, where).nodes.map(({ children, attributes }): GraphNode => ({
    children: new Map(children.map(({ localName, node }) => [localName, node])),
    key: attributes[0]?.checkpointKey,
  }));
  return scope(model, nodes, nodes[0], bundle);
}

/** A layer of parts holds weights at most this deep: `forward_layer/cell/kernel`. */
const deepestPart = 3;

const lists = new Set(['variables', 'trainable_variables', 'non_trainable_variables', 'regularization_losses', 'keras_api']);

/** A layer's variables by their names, those of its parts as `<part>/<name>`. Each node is visited once: parts lead back to the layer. */
function variablesOf(layer: GraphNode | undefined, nodes: readonly GraphNode[], bundle: TensorBundle): readonly WeightTensor[] {
  const seen = new Set<GraphNode | undefined>([layer]);
  const visit = (node: GraphNode | undefined, prefix: string, depth: number): readonly WeightTensor[] =>
    [...(node?.children ?? [])].flatMap(([name, index]): readonly WeightTensor[] => {
      const child = nodes[index];
      // Lists name variables a second time.
      if (child === undefined || seen.has(child) || lists.has(name)) return [];
      seen.add(child);
      const { key } = child;
      const shape = key === undefined || key === '' ? undefined : bundle.shape(key);
      if (key !== undefined && shape !== undefined) return [{ name: `${prefix}${name}`, shape, read: () => bundle.floats(key) }];
      return depth <= 1 ? [] : visit(child, `${prefix}${name}/`, depth - 1);
    });
  return visit(layer, '', deepestPart);
}

function scope(model: KerasModel, nodes: readonly GraphNode[], node: GraphNode | undefined, bundle: TensorBundle): WeightScope {
  const child = (parent: GraphNode | undefined, name: string): GraphNode | undefined => {
    const index = parent?.children.get(name);
    return index === undefined ? undefined : nodes[index];
  };
  const layerNode = (reference: LayerReference): GraphNode | undefined =>
    child(node, `layer_with_weights-${model.layers.slice(0, reference.index).filter(hasWeights).length}`);
  return {
    layer: (reference) => {
      const layer = model.layers[reference.index];
      if (layer === undefined || !hasWeights(layer)) return [];
      return variablesOf(layerNode(reference), nodes, bundle);
    },
    nested: (reference) => {
      const inner = model.layers[reference.index]?.model;
      if (inner === undefined) throw new Error(`layer "${reference.name}" is no model`);
      return scope(inner, nodes, layerNode(reference), bundle);
    },
  };
}
