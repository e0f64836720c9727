/** How layers are connected: Keras 2's nested lists and Keras 3's `__keras_tensor__` objects, read into one form. */
import { EspalierError } from '../../errors.ts';
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
  /** Arguments of the call that are no tensors. */
  readonly keywords: JsonObject;
}

export interface CallConstant {
  /** Among all operands, from 0. */
  readonly position: number;
  /** One, or one for each channel. */
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
    const values = constantValues(value);
    if (values !== undefined) constants.push({ position: inputs.length + constants.length, values });
    return values !== undefined;
  };
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
    keywords = Object.fromEntries(Object.entries(keywords).filter(([key]) => key !== name));
  }
  return { inputs, constants, keywords };
}

function constantValues(value: Json | undefined): readonly number[] | undefined {
  if (typeof value === 'number') return [value];
  if (!isArray(value) || value.length === 0) return undefined;
  const numbers = value.filter((entry) => typeof entry === 'number');
  return numbers.length === value.length ? numbers : undefined;
}

function parseKeras3Call(node: JsonObject): LayerCall {
  const inputs: TensorReference[] = [];
  const rest: JsonObject[] = [];
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
  for (const argument of isArray(node['args']) ? node['args'] : []) {
    const values = constantValues(storedArray(argument) ?? argument);
    if (values === undefined) collect(argument);
    else constants.push({ position: inputs.length + constants.length, values });
  }
  const keywords = node['kwargs'];
  if (isObject(keywords)) {
    collect(keywords);
    rest.push(
      Object.fromEntries(Object.entries(keywords).filter(([, value]) => !(isObject(value) && value['class_name'] === '__keras_tensor__'))),
    );
  }
  return { inputs, constants, keywords: rest[0] ?? {} };
}

/** Keras 3 wraps arrays: `{ class_name: "__numpy__", config: { value, dtype } }`. */
function storedArray(json: Json): Json | undefined {
  if (!isObject(json) || (json['class_name'] !== '__numpy__' && json['class_name'] !== '__tensor__')) return undefined;
  const { config } = json;
  return isObject(config) ? config['value'] : undefined;
}
