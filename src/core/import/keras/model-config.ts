/**
 * The JSON that every Keras file format carries (Keras 2.0 to 3, TFJS), read into one form: a list of layers and the
 * calls that connect them. A Sequential model becomes a chain.
 */
import { EspalierError } from '../../errors.ts';
import type { OpenInputs } from '../open-inputs.ts';
import type { Shape } from '../../network/network.ts';
import { asArray, asObject, isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { isTfmotWrapper, type TfmotWrapper } from './tfmot-wrappers.ts';
import { type LayerCall, parseInboundNodes, parseTensorReferences, type TensorReference } from './inbound-nodes.ts';

export interface KerasLayer {
  /** As other layers and the weights name it. */
  readonly name: string;
  /** As the user knows it: the name of the layer that TFMOT wrapped. */
  readonly label: string;
  readonly className: string;
  readonly config: JsonObject;
  /** TFMOT's wrapper around it, which is taken off. */
  readonly wrapper: TfmotWrapper | undefined;
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
/** What to do about lengths that a model leaves open. */
export const inputShapeRemedy =
  'say the size that the device will see: --input-shape 96x96x3 on the command line, "inputShape": [96, 96, 3] beside the model in a recipe';

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
        label: `${layer.label}_input`,
        className: 'InputLayer',
        wrapper: undefined,
        model: undefined,
        calls: [],
        firstNode: 0,
        config: shape === undefined ? {} : { batch_shape: shape },
      };
      layers.push(input);
    }
    const source = layers.at(-1);
    if (source !== undefined) layers.push({ ...layer, calls: [callOf({ layer: source.name, node: 0, tensor: 0 })] });
  }
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined) throw new EspalierError('invalid-model', 'has no layers', { where });
  const name = typeof config['name'] === 'string' ? config['name'] : 'sequential';
  return { name, layers, inputs: [{ layer: first.name, node: 0, tensor: 0 }], outputs: [{ layer: last.name, node: 0, tensor: 0 }] };
}

function callOf(input: TensorReference): LayerCall {
  return { inputs: [input], constants: [], keywords: {}, tensorKeywords: [], arguments: [] };
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
  if (isTfmotWrapper(className)) {
    const inner = parseLayer(asObject(config['layer'], `${where} ("${name}"): layer`), `${where} ("${name}")`, depth + 1);
    return { ...inner, name, wrapper: className, config: { ...declaredShapeFields(config), ...inner.config } };
  }
  const model = isModelClass(className, config) ? parseKerasModel(entry, `${where} ("${name}")`, depth + 1) : undefined;
  return { name, label: name, className, config, wrapper: undefined, model, calls: [], firstNode: 0 };
}

/** The first layer of a Sequential model declares the input's shape, wrapped or not. */
function declaredShapeFields(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key === 'batch_input_shape' || key === 'batch_shape'));
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

/**
 * The shape of an input without its batch. A .tflite has static shapes, so lengths that the model leaves open are to be
 * given.
 *
 * @param cause every input of the model, for errors about open lengths
 */
export function inputShape(layer: KerasLayer, where: string, given: Shape | undefined, cause: OpenInputs): Shape {
  const declared = declaredInputShape(layer.config)?.slice(1);
  if (declared === undefined) {
    if (given !== undefined) return given;
    throw new EspalierError('unsupported-model', 'the model does not say the shape of its input', { where, fix: inputShapeRemedy, cause });
  }
  const text = `[${declared.map((length) => length ?? '?').join(', ')}]`;
  if (given !== undefined) {
    const fits = given.length === declared.length && declared.every((length, axis) => length === null || length === given[axis]);
    if (!fits)
      throw new EspalierError('invalid-argument', `input "${layer.name}" takes ${text}, but the shape given is [${given.join(', ')}]`, {
        where,
        fix: 'give the lengths of one example in the order of the model, such as 224x224x3',
      });
    return given;
  }
  if (declared.includes(null)) {
    throw new EspalierError('unsupported-model', `input "${layer.name}" has the shape ${text} with an open length`, {
      where,
      fix: inputShapeRemedy,
      cause,
    });
  }
  return declared.map((length) => length ?? 0);
}
