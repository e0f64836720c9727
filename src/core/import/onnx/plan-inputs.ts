/** The shapes of a model's inputs with every length decided, and the order in which the network takes their axes. */
import { EspalierError } from '../../errors.ts';
import { OpenInputs } from '../open-inputs.ts';
import { channelsLastAxes } from './layout.ts';
import type { OnnxGraph, OnnxInput, OnnxNode } from './onnx-graph.ts';
import type { PlannedInput } from './convert-graph.ts';
import { dataTypes } from '../../protobuf/onnx.ts';

/** Lengths to take for open dimensions: of one example, in the model's own order of axes. */
export type InputShapes = readonly (readonly number[])[];

export interface PlannedInputs {
  /** 1 where the batch is open. */
  readonly batchSize: number;
  readonly openBatch: boolean;
  readonly inputs: readonly PlannedInput[];
}

const elementTypes: ReadonlySet<number> = new Set([
  dataTypes.float32,
  dataTypes.float64,
  dataTypes.float16,
  dataTypes.bfloat16,
  dataTypes.int32,
  dataTypes.int64,
  dataTypes.uint8,
  dataTypes.int8,
]);

const floatTypes: ReadonlySet<number> = new Set([dataTypes.float32, dataTypes.float64, dataTypes.float16, dataTypes.bfloat16]);

/** @throws EspalierError `unsupported-model` for inputs of open shape, naming what is to be given */
export function planInputs(graph: OnnxGraph, given: InputShapes | undefined, where: string): PlannedInputs {
  if (graph.inputs.length === 0) throw new EspalierError('invalid-model', 'has no inputs', { where, fix: 'export the model again' });
  const first = graph.inputs[0]?.dimensions;
  const batchAxes = batchAxesOf(graph);
  const counted = first?.[batchAxes[0] ?? 0];
  const openBatch = first === undefined || typeof counted === 'string';
  const batchSize = openBatch || first.length < 2 ? 1 : Number(counted ?? 1);
  if (!(batchSize >= 1)) throw new EspalierError('invalid-model', `has a batch of ${batchSize}`, { where, fix: 'export the model again' });
  const inputs = graph.inputs.map((input, position) => {
    if (!elementTypes.has(input.elementType))
      throw new EspalierError('unsupported-model', `takes elements of type ${input.elementType}, which is not supported`, {
        where: `input "${input.name}"`,
        fix: 'export the model with float32 inputs',
      });
    const axis = batchAxes[position] ?? 0;
    const shape = lengthsOf(graph, input, given?.[position] ?? (given?.length === 1 ? given[0] : undefined), { axis, size: batchSize });
    return planInput(graph, input, shape, { axis, size: batchSize });
  });
  return { batchSize, openBatch, inputs };
}

/** Which axis of an input counts examples, and how many there are. */
interface Batch {
  readonly axis: number;
  readonly size: number;
}

/** For each input: the first axis, but for the sequences `[steps, n, features]` of a recurrent layer, which have it in the middle. */
function batchAxesOf(graph: OnnxGraph): readonly number[] {
  const consumers = consumersOf(graph);
  return graph.inputs.map(({ name, dimensions }) => (dimensions?.length === 3 ? sequenceBatch(consumers, name) : 0));
}

const recurrent = new Set(['RNN', 'LSTM', 'GRU']);

function sequenceBatch(consumers: Consumers, input: string): number {
  return (
    followAxes(consumers, input, 3, mixing, (node, name, order) =>
      recurrent.has(node.op) && node.inputs[0] === name ? (order[1] ?? 0) : undefined,
    ) ?? 0
  );
}

function lengthsOf(graph: OnnxGraph, input: OnnxInput, given: readonly number[] | undefined, batch: Batch): readonly number[] {
  const { name, dimensions } = input;
  const where = `input "${name}"`;
  if (dimensions === undefined && given === undefined)
    throw new EspalierError('unsupported-model', 'has no shape in the file', { where, fix: inputShapeRemedy, cause: openInputsOf(graph) });
  const declared = dimensions ?? ['?', ...(given ?? []).map(() => '?')];
  const wanted = given === undefined || given.length === declared.length ? given : given.toSpliced(batch.axis, 0, batch.size);
  if (wanted !== undefined && wanted.length !== declared.length)
    throw new EspalierError('invalid-argument', `takes [${declared.join(', ')}], but the shape given is [${(given ?? []).join(', ')}]`, {
      where,
      fix: 'give the lengths of one example in the order of the model, such as 3,224,224',
    });
  const lengths = declared.map((length, axis) => {
    if (typeof length === 'number') return length;
    return axis === batch.axis ? batch.size : (wanted?.[axis] ?? undefined);
  });
  const open = declared.flatMap((length, axis) => (lengths[axis] === undefined ? [String(length)] : []));
  if (open.length > 0)
    throw new EspalierError('unsupported-model', `has open dimensions (${open.join(', ')}) in [${declared.join(', ')}]`, {
      where,
      fix: inputShapeRemedy,
      cause: openInputsOf(graph),
    });
  const known = lengths.map((length) => length ?? 0);
  const contradicts =
    wanted !== undefined && declared.some((length, axis) => axis !== batch.axis && typeof length === 'number' && length !== wanted[axis]);
  if (contradicts)
    throw new EspalierError('invalid-argument', `takes [${declared.join(', ')}], but the shape given is [${wanted.join(', ')}]`, {
      where,
      fix: 'only open dimensions can be chosen',
    });
  if (!known.every((length) => Number.isSafeInteger(length) && length > 0))
    throw new EspalierError('invalid-model', `has the shape [${known.join(', ')}]`, { where, fix: 'export the model again' });
  return known;
}

/** Of one example: the batch may stay open. */
function openInputsOf(graph: OnnxGraph): OpenInputs {
  const batchAxes = batchAxesOf(graph);
  return new OpenInputs(
    graph.inputs.map(({ name, dimensions }, i) => ({
      name,
      shape: dimensions?.toSpliced(batchAxes[i] ?? 0, 1).map((length) => (typeof length === 'number' ? length : null)),
    })),
  );
}

const inputShapeRemedy =
  'give the shape of one example (--input-shape 3,224,224, or "inputShape" in a recipe), or export the model with a fixed one';

function planInput(graph: OnnxGraph, input: OnnxInput, shape: readonly number[], { axis, size }: Batch): PlannedInput {
  const { name } = input;
  const element = floatTypes.has(input.elementType) ? 'float' : 'integer';
  const batch = shape.length >= 2 && shape[axis] === size ? axis : undefined;
  const plain = shape.map((_, i) => i).filter((i) => i !== batch);
  if (batch !== 0 || shape.length < 3) return { name, shape, axes: plain, batch, element };
  return { name, shape, axes: wantedAxes(graph, name, shape) ?? plain, batch, element };
}

/** Operators that work on `[n, c, …]`, which the network has channels-last. */
const channelsFirst = new Set([
  'Conv',
  'ConvTranspose',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'BatchNormalization',
  'InstanceNormalization',
  'GroupNormalization',
  'Resize',
  'Upsample',
  'DepthToSpace',
  'SpaceToDepth',
  'PRelu',
]);
/** Operators after which the axes are others, so that nothing behind them says what the input is. */
const mixing = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Gather', 'Shape', 'Size', 'Concat']);
/** Those that work on the last axis, too, wherever an image has it. */
const opaque = new Set([...mixing, 'MatMul', 'Gemm', 'ReduceMean', 'ReduceMax', 'ReduceSum']);

/**
 * The order of axes that the first operators behind an input want: channels last for what they take as `[n, c, …]`. Where
 * none says it, an image `[n, c, h, w]` of few channels comes channels-last as well, since data do.
 */
function wantedAxes(graph: OnnxGraph, input: string, shape: readonly number[]): readonly number[] | undefined {
  const rank = shape.length;
  const found = followAxes(consumersOf(graph), input, rank, opaque, (node, name, order) => {
    if (node.inputs[0] !== name || !channelsFirst.has(node.op)) return undefined;
    return { axes: order[0] === 0 ? channelsLastAxes(rank).map((axis) => order[axis] ?? axis) : undefined };
  });
  if (found !== undefined) return found.axes;
  const [, c = 0, h = 0, w = 0] = shape;
  return rank === 4 && c <= 4 && h > c && w > c ? channelsLastAxes(rank) : undefined;
}

/**
 * Follows an input through transpositions and operators on elements to the first node of which `judge` knows something.
 *
 * @param stops operators that are not passed
 * @param judge with the name that the node reads the value by, and the input's axis of each of its axes
 */
function followAxes<T>(
  consumers: Consumers,
  input: string,
  rank: number,
  stops: ReadonlySet<string>,
  judge: (node: OnnxNode, name: string, order: readonly number[]) => T | undefined,
): T | undefined {
  const pending = [{ name: input, order: Array.from({ length: rank }, (_, axis) => axis) }];
  const seen = new Set<string>([input]);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of consumers.get(next.name) ?? []) {
      const { order } = next;
      const judgement = judge(node, next.name, order);
      if (judgement !== undefined) return judgement;
      if (stops.has(node.op)) continue;
      const permutation = node.op === 'Transpose' ? node.attributes.integers('perm') : undefined;
      const output = node.outputs[0];
      if (output === undefined || seen.has(output) || (permutation !== undefined && permutation.length !== rank)) continue;
      seen.add(output);
      pending.push({ name: output, order: permutation === undefined ? order : permutation.map((axis) => order[axis] ?? axis) });
    }
  }
  return undefined;
}

type Consumers = ReadonlyMap<string, readonly OnnxNode[]>;

function consumersOf(graph: OnnxGraph): Consumers {
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const known = consumers.get(name);
      if (known === undefined) consumers.set(name, [node]);
      else known.push(node);
    }
  }
  return consumers;
}
