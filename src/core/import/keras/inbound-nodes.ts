/** How layers are connected: Keras 2's nested lists and Keras 3's `__keras_tensor__` objects, read into one form. */
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { asArray, isArray, isObject, type Json, type JsonObject } from '../json.ts';

export interface TensorReference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

export interface LayerCall {
  readonly inputs: readonly TensorReference[];
  /** Operands that are numbers: of calls of functions, such as `x / 255`. */
  readonly constants: readonly CallConstant[];
  /** Arguments of the call that are no tensors, by name. */
  readonly keywords: JsonObject;
  /** Names of keywords whose arguments are tensors, in the order in which those end the inputs. */
  readonly tensorKeywords: readonly string[];
  /** Arguments by position as they are stored, tensors too. */
  readonly arguments: readonly Json[];
}

export interface CallConstant {
  /** Among all operands, from 0. */
  readonly position: number;
  /** Empty for one number. */
  readonly shape: Shape;
  /** Row-major. */
  readonly values: readonly number[];
}

/** Keras 2: `[[["layer", node, tensor, {keywords}], …], …]`; Keras 3: `[{ args: [tensor | [tensor, …]], kwargs }, …]`. */
export function parseInboundNodes(json: Json | undefined, where: string): readonly LayerCall[] {
  if (json === undefined || json === null) return [];
  return asArray(json, `${where}: inbound_nodes`).map((node) => (isObject(node) ? parseKeras3Call(node) : parseKeras2Call(node, where)));
}

/** One `["layer", node, tensor]`, a list of them, or a mapping of names to them. */
export function parseTensorReferences(json: Json | undefined, where: string): readonly TensorReference[] {
  const references = collectLists(json);
  if (references.length === 0) throw new EspalierError('invalid-model', 'should name at least one tensor', { where });
  return references;
}

function collectLists(json: Json | undefined): readonly TensorReference[] {
  const single = listReference(json);
  if (single !== undefined) return [single];
  if (isArray(json)) return json.flatMap(collectLists);
  if (isObject(json)) return Object.values(json).flatMap(collectLists);
  return [];
}

function listReference(json: Json | undefined): TensorReference | undefined {
  if (!isArray(json)) return undefined;
  const [layer, node, tensor] = json;
  if (typeof layer !== 'string' || typeof node !== 'number' || typeof tensor !== 'number') return undefined;
  return { layer, node, tensor };
}

function parseKeras2Call(json: Json, where: string): LayerCall {
  // A call with one input may be stored without the outer list.
  const isSingle = isArray(json) && typeof json[0] === 'string';
  const entries = isSingle ? [json] : asArray(json, `${where}: inbound node`);
  const inputs: TensorReference[] = [];
  const constants: CallConstant[] = [];
  const addConstant = (value: Json | undefined): boolean => {
    const constant = numericArray(value);
    if (constant !== undefined) constants.push({ position: inputs.length + constants.length, ...constant });
    return constant !== undefined;
  };
  const tensorKeywords: string[] = [];
  let keywords: JsonObject = {};
  for (const entry of entries) {
    const last = isArray(entry) ? entry[3] : undefined;
    if (isObject(last)) keywords = { ...keywords, ...last };
    if (isArray(entry) && entry[0] === '_CONSTANT_VALUE' && addConstant(entry[2])) continue;
    const reference = listReference(entry);
    if (reference === undefined)
      throw new EspalierError('invalid-model', 'an inbound node does not name a layer, a node and a tensor', { where });
    inputs.push(reference);
  }
  // Operators (`x + y`) keep their second operand among the keywords.
  addConstant(keywords['y']);
  for (const [name, value] of Object.entries(keywords)) {
    const reference = listReference(value);
    if (reference === undefined) continue;
    inputs.push(reference);
    tensorKeywords.push(name);
    keywords = Object.fromEntries(Object.entries(keywords).filter(([key]) => key !== name));
  }
  return { inputs, constants, keywords, tensorKeywords, arguments: [] };
}

/** A number, or an array of numbers with any number of axes; undefined for anything else. */
export function numericArray(value: Json | undefined): Omit<CallConstant, 'position'> | undefined {
  if (typeof value === 'number') return { shape: [], values: [value] };
  if (!isArray(value) || value.length === 0) return undefined;
  const [first, ...rest] = value.map(numericArray);
  if (first === undefined || rest.some((entry) => entry?.shape.join() !== first.shape.join())) return undefined;
  return { shape: [value.length, ...first.shape], values: [first, ...rest].flatMap((entry) => entry?.values ?? []) };
}

function parseKeras3Call(node: JsonObject): LayerCall {
  const inputs: TensorReference[] = [];
  const collect = (json: Json | undefined): void => {
    if (isArray(json)) json.forEach(collect);
    if (!isObject(json)) return;
    if (json['class_name'] === '__keras_tensor__') {
      const config = json['config'];
      const reference = isObject(config) ? listReference(config['keras_history']) : undefined;
      if (reference !== undefined) inputs.push(reference);
      return;
    }
    Object.values(json).forEach(collect);
  };
  const constants: CallConstant[] = [];
  const positional = isArray(node['args']) ? node['args'] : [];
  for (const argument of positional) {
    const constant = numericArray(storedArray(argument) ?? argument);
    if (constant === undefined) collect(argument);
    else constants.push({ position: inputs.length + constants.length, ...constant });
  }
  const keywords = isObject(node['kwargs']) ? node['kwargs'] : {};
  const tensorKeywords: string[] = [];
  for (const [name, value] of Object.entries(keywords)) {
    const before = inputs.length;
    collect(value);
    if (inputs.length > before) tensorKeywords.push(name);
  }
  const rest = Object.fromEntries(Object.entries(keywords).filter(([name]) => !tensorKeywords.includes(name)));
  return { inputs, constants, keywords: rest, tensorKeywords, arguments: positional };
}

/** Keras 3 wraps arrays: `{ class_name: "__numpy__", config: { value, dtype } }`. */
function storedArray(json: Json): Json | undefined {
  if (!isObject(json) || (json['class_name'] !== '__numpy__' && json['class_name'] !== '__tensor__')) return undefined;
  const { config } = json;
  return isObject(config) ? config['value'] : undefined;
}
