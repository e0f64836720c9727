/**
 * The JSON that every Keras file format carries (Keras 2.0 to 3, TFJS), read into one form: a list of layers and the
 * calls that connect them. A Sequential model becomes a chain.
 */
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { asArray, asObject, isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { type LayerCall, parseInboundNodes, parseTensorReferences, type TensorReference } from './inbound-nodes.ts';

export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: JsonObject;
  /** Set when the layer is a model itself. */
  readonly model: KerasModel | undefined;
  /** Each call of the layer; empty for inputs. */
  readonly calls: readonly LayerCall[];
  /** The node index that other layers use for the first call: nested functional models start at 1 in most versions. */
  readonly firstNode: number;
}

export interface KerasModel {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
}

const deepestNesting = 32;

/** `json` is `{ class_name, config }`. */
export function parseKerasModel(json: Json | undefined, where: string, depth = 0): KerasModel {
  if (depth > deepestNesting) throw new EspalierError('invalid-model', `models are nested more than ${deepestNesting} deep`, { where });
  const model = asObject(json, `${where}: model config`);
  const className = model['class_name'];
  // Keras before 2.2.3 stored the layers of a Sequential model as its whole config.
  if (className === 'Sequential')
    return parseSequential(
      isArray(model['config']) ? { layers: model['config'] } : asObject(model['config'], `${where}: config`),
      where,
      depth,
    );
  if (className === 'Functional' || className === 'Model') {
    const config = asObject(model['config'], `${where}: config`);
    if (isArray(config['layers']) && config['output_layers'] !== undefined) return parseFunctional(config, where, depth);
  }
  throw new EspalierError(
    'unsupported-model',
    `model class "${String(className)}" is subclassed: its file does not say which layers are called in which order`,
    {
      where,
      fix: 'rebuild it as a Functional or Sequential model with the same layers and weights, or export it as a float .tflite',
    },
  );
}

export function isModelClass(className: string, config: Json | undefined): boolean {
  if (className === 'Sequential') return true;
  return (className === 'Functional' || className === 'Model') && isObject(config) && isArray(config['layers']);
}

function parseSequential(config: JsonObject, where: string, depth: number): KerasModel {
  const entries = asArray(config['layers'], `${where}: layers`);
  const layers: KerasLayer[] = [];
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const layer = parseLayer(entry, `${where}: layer ${index}`, depth);
    if (names.has(layer.name)) throw new EspalierError('invalid-model', `two layers are named "${layer.name}"`, { where });
    names.add(layer.name);
    const previous = layers.at(-1);
    if (layer.className === 'InputLayer') {
      layers.push(layer);
      continue;
    }
    if (previous === undefined) {
      const shape =
        declaredInputShape(layer.config) ??
        shapeOf(config['build_input_shape']) ??
        layer.model?.layers.map((inner) => declaredInputShape(inner.config)).find((found) => found !== undefined);
      const input: KerasLayer = {
        name: `${layer.name}_input`,
        className: 'InputLayer',
        model: undefined,
        calls: [],
        firstNode: 0,
        config: shape === undefined ? {} : { batch_shape: shape },
      };
      layers.push(input);
    }
    const source = layers.at(-1);
    if (source !== undefined)
      layers.push({ ...layer, calls: [{ inputs: [{ layer: source.name, node: 0, tensor: 0 }], constants: [], keywords: {} }] });
  }
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined) throw new EspalierError('invalid-model', 'has no layers', { where });
  const name = typeof config['name'] === 'string' ? config['name'] : 'sequential';
  return { name, layers, inputs: [{ layer: first.name, node: 0, tensor: 0 }], outputs: [{ layer: last.name, node: 0, tensor: 0 }] };
}

function parseFunctional(config: JsonObject, where: string, depth: number): KerasModel {
  const entries = asArray(config['layers'], `${where}: layers`);
  const parsed = entries.map((entry, index) => {
    const layer = parseLayer(entry, `${where}: layer ${index}`, depth);
    return { ...layer, calls: parseInboundNodes(asObject(entry, where)['inbound_nodes'], `${where}, layer "${layer.name}"`) };
  });
  const inputs = parseTensorReferences(config['input_layers'], `${where}: input_layers`);
  const outputs = parseTensorReferences(config['output_layers'], `${where}: output_layers`);
  const lowest = new Map<string, number>();
  for (const reference of [...outputs, ...parsed.flatMap((layer) => layer.calls.flatMap((call) => call.inputs))]) {
    lowest.set(reference.layer, Math.min(lowest.get(reference.layer) ?? Infinity, reference.node));
  }
  const layers = parsed.map((layer): KerasLayer => ({
    ...layer,
    firstNode: layer.model === undefined ? 0 : (lowest.get(layer.name) ?? 0),
  }));
  const names = new Set<string>();
  for (const layer of layers) {
    if (names.has(layer.name)) throw new EspalierError('invalid-model', `two layers are named "${layer.name}"`, { where });
    names.add(layer.name);
  }
  const name = typeof config['name'] === 'string' ? config['name'] : 'model';
  return { name, layers, inputs, outputs };
}

function parseLayer(json: Json, where: string, depth: number): KerasLayer {
  const entry = asObject(json, where);
  const className = entry['class_name'];
  if (typeof className !== 'string') throw new EspalierError('invalid-model', 'has no class_name', { where });
  const rawConfig = entry['config'];
  const config = isObject(rawConfig) ? rawConfig : isArray(rawConfig) ? { layers: rawConfig } : {};
  const name = [entry['name'], config['name']].find((candidate) => typeof candidate === 'string');
  if (typeof name !== 'string') throw new EspalierError('invalid-model', `a ${className} layer has no name`, { where });
  const model = isModelClass(className, config) ? parseKerasModel(entry, `${where} ("${name}")`, depth + 1) : undefined;
  return { name, className, config, model, calls: [], firstNode: 0 };
}

/** The shape with its batch, as Keras 2 (`batch_input_shape`) or Keras 3 (`batch_shape`) stores it. */
export function declaredInputShape(config: JsonObject): readonly (number | null)[] | undefined {
  return shapeOf(config['batch_input_shape']) ?? shapeOf(config['batch_shape']) ?? shapeOf(config['batchInputShape']);
}

function shapeOf(json: Json | undefined): readonly (number | null)[] | undefined {
  const list = isObject(json) && json['class_name'] === '__tuple__' ? json['items'] : json;
  if (!isArray(list)) return undefined;
  const lengths = list.map((length) => (typeof length === 'number' ? length : null));
  return lengths;
}

/** The shape of an input without its batch; the other lengths must be known, for a .tflite has static shapes. */
export function inputShape(layer: KerasLayer, where: string): Shape {
  const declared = declaredInputShape(layer.config);
  if (declared === undefined) {
    throw new EspalierError('unsupported-model', 'the model does not say the shape of its input', {
      where,
      fix: 'add an Input layer (or call model.build) and save it again',
    });
  }
  const shape = declared.slice(1);
  if (shape.some((length) => length === null)) {
    throw new EspalierError(
      'unsupported-model',
      `input "${layer.name}" has the shape [${shape.map((length) => length ?? '?').join(', ')}] with an unknown length`,
      {
        where,
        fix: 'rebuild the model with a fixed input shape and load its weights into it: a .tflite for devices has static shapes',
      },
    );
  }
  return shape.map((length) => length ?? 0);
}
