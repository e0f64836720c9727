/** int16 activations of single layers in a file whose other activations are int8. */
import { factsOf } from '../network/kinds/operation-table.ts';
import type { Network, Value, ValueId } from '../network/network.ts';
import type { Operation, Requantize } from '../network/operations.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import { dropUnused, redirect, usesOf } from '../network/passes/rewrite.ts';
import { lacksIntegerKernel } from './integer-kernels.ts';
import { planActivations } from './plan-activations.ts';
import type { ActivationType, Range } from './quantization.ts';

export interface Int16Layers {
  /** Names of layers with a kernel that read and write int16. */
  readonly layers: ReadonlySet<string>;
  /** Whether inputs and outputs of the file are float32: they may then have either type inside. Else they are int8. */
  readonly floatInterface: boolean;
}

export const noInt16Layers: Int16Layers = { layers: new Set(), floatInterface: false };

/**
 * The network with types of its values, and an operation `requantize` wherever a value of one type is read as the other,
 * once for all that read it so. What such a layer reads and writes is int16. An operation without a kernel computes in
 * int16 where all that it reads is int16 and it has an int16 kernel, so that what stands between two int16 layers needs no
 * conversion. Inputs, constants and embeddings are int16 where nothing reads them as int8.
 *
 * @param network as `prepareForDeployment` or `prepareForTraining` gave it
 * @returns the same network where no layer has int16 activations
 * @example mixActivations(network, { layers: new Set(['conv2d_1', 'conv2d_2']), floatInterface: false })
 */
export function mixActivations(network: Network, int16: Int16Layers): Network {
  if (!network.operations.some((operation) => isInt16(operation, int16))) return network;
  const types = chooseTypes(network, int16);
  const values = new Map<ValueId, Value>(
    [...network.values].map(([id, value]) => [id, types.get(id) === 'int16' ? { ...value, type: 'int16' } : value]),
  );
  const operations: Operation[] = [];
  const converted = new Map<string, ValueId>();
  const as = (type: ActivationType, id: ValueId, layer: string): ValueId => {
    const from = types.get(id);
    if (from === undefined || from === type) return id;
    const known = converted.get(id);
    if (known !== undefined) return known;
    let name = `${id}/${type}`;
    while (values.has(name)) name = `${name}_`;
    const { shape } = values.get(id) ?? { shape: [] };
    values.set(name, type === 'int16' ? { shape, type } : { shape });
    operations.push({ kind: 'requantize', name, layer, inputs: [id], output: name });
    converted.set(id, name);
    return name;
  };
  const layers = new Map(network.operations.map(({ output, layer }) => [output, layer]));
  for (const operation of network.operations) {
    const type = types.get(operation.output);
    // A conversion belongs to the layer for which it is there.
    const layerOf = (id: ValueId): string => (type === 'int16' ? operation.layer : (layers.get(id) ?? operation.layer));
    operations.push(type === undefined ? operation : { ...operation, inputs: operation.inputs.map((id) => as(type, id, layerOf(id))) });
  }
  const outputs = int16.floatInterface ? network.outputs : network.outputs.map((id) => as('int8', id, layers.get(id) ?? id));
  return { ...network, outputs, values, operations };
}

/** The network as it was before `mixActivations`; any other network as it is. */
export function unmixActivations(network: Network): Network {
  const conversions = network.operations.filter(isConversion);
  if (conversions.length === 0 && [...network.values.values()].every(({ type }) => type === undefined)) return network;
  const plain = {
    ...network,
    values: new Map([...network.values].map(([id, { shape }]) => [id, { shape }])),
    operations: network.operations.filter((operation) => !isConversion(operation)),
  };
  return dropUnused(redirect(plain, new Map(conversions.map(({ inputs: [from = ''], output }) => [output, from]))));
}

/**
 * Ranges of values, also for those that are the same numbers in codes of another type.
 *
 * @param mixed as `mixActivations` gave it
 * @param ranges by the ids of the activation plan's groups, each of all values of its group
 */
export function withConvertedRanges(mixed: Network, ranges: ReadonlyMap<ValueId, Range>): ReadonlyMap<ValueId, Range> {
  const conversions = mixed.operations.filter(isConversion);
  if (conversions.length === 0) return ranges;
  const { groupOf } = planActivations(mixed);
  const all = new Map(ranges);
  for (const {
    inputs: [from = ''],
    output,
  } of conversions) {
    const range = all.get(from) ?? all.get(groupOf.get(from)?.id ?? '');
    if (range !== undefined && !all.has(output)) all.set(output, range);
  }
  return all;
}

/**
 * Layers whose int16 activations change nothing: what they read was int8 before, and all that they write becomes int8.
 *
 * @param mixed as `mixActivations` gave it
 */
export function layersBetweenConversions(mixed: Network): readonly string[] {
  const uses = usesOf(mixed);
  const { groupOf } = planActivations(mixed);
  // A maximum or a reshape gives codes on as they are; a mean does not.
  const copies = (operation: Operation): boolean =>
    factsOf(operation).integerScale(operation) === 'asInput' && groupOf.get(operation.output)?.rounded.includes(operation.output) !== true;
  const isLost = (id: ValueId): boolean =>
    !mixed.outputs.includes(id) &&
    uses.consumers(id).every((operation) => isConversion(operation) || (copies(operation) && isLost(operation.output)));
  const kernels = mixed.operations.filter(hasKernel).filter(({ output }) => mixed.values.get(output)?.type === 'int16');
  const idle = kernels.filter(({ inputs: [from = ''], output }) => uses.producer(from)?.kind === 'requantize' && isLost(output));
  return [...new Set(idle.map(({ layer }) => layer))];
}

/**
 * Layers that read int8 as int16. LiteRT (2.5.3) and TFLite Micro have the kernel, TensorFlow Lite of 2022 refuses the file.
 *
 * @param mixed as `mixActivations` gave it
 */
export function layersReadingInt8(mixed: Network): readonly string[] {
  const widening = mixed.operations.filter(isConversion).filter(({ output }) => mixed.values.get(output)?.type === 'int16');
  return [...new Set(widening.map(({ layer }) => layer))];
}

function isConversion(operation: Operation): operation is Requantize {
  return operation.kind === 'requantize';
}

function isInt16(operation: Operation, { layers }: Int16Layers): boolean {
  return hasKernel(operation) && layers.has(operation.layer);
}

/** Of all values that have codes: those that only embeddings read do not. */
function chooseTypes(network: Network, int16: Int16Layers): ReadonlyMap<ValueId, ActivationType> {
  const { groupOf } = planActivations(network);
  const uses = usesOf(network);
  const demands = demandedTypes(network, int16);
  const types = new Map<ValueId, ActivationType>();
  for (const id of network.inputs) if (groupOf.has(id)) types.set(id, int16.floatInterface ? (demands.get(id) ?? 'int8') : 'int8');
  const isConstant = (id: ValueId): boolean => uses.producer(id)?.kind === 'constant';
  for (const operation of network.operations) {
    if (!groupOf.has(operation.output)) continue;
    const read = operation.inputs.filter((id) => groupOf.has(id) && !isConstant(id));
    const follows = read.length > 0 && read.every((id) => types.get(id) === 'int16') && mayBeInt16(operation, network);
    const bringsOwn = read.length === 0 && demands.get(operation.output) === 'int16';
    types.set(operation.output, (hasKernel(operation) ? isInt16(operation, int16) : follows || bringsOwn) ? 'int16' : 'int8');
  }
  for (const { output } of network.operations.filter(({ kind }) => kind === 'constant')) {
    const readers = uses.consumers(output);
    types.set(output, readers.length > 0 && readers.every((reader) => types.get(reader.output) === 'int16') ? 'int16' : 'int8');
  }
  return types;
}

/** The type in which all that depends on a value would read it: int8 where one of them would, none where nothing decides. */
function demandedTypes(network: Network, int16: Int16Layers): ReadonlyMap<ValueId, ActivationType> {
  const demands = new Map<ValueId, ActivationType>();
  if (!int16.floatInterface) for (const id of network.outputs) demands.set(id, 'int8');
  for (const operation of network.operations.toReversed()) {
    const type = hasKernel(operation)
      ? isInt16(operation, int16)
        ? 'int16'
        : 'int8'
      : mayBeInt16(operation, network)
        ? demands.get(operation.output)
        : 'int8';
    if (type === undefined) continue;
    for (const id of operation.inputs) demands.set(id, demands.get(id) === 'int8' ? 'int8' : type);
  }
  return demands;
}

/** Where there is no sound kernel of either type, the operation is float between conversions, and any codes do around it. */
function mayBeInt16(operation: Operation, network: Network): boolean {
  return !lacksIntegerKernel(operation, 'int16', network) || lacksIntegerKernel(operation, 'int8', network);
}
