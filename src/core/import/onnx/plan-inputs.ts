/** The shapes of a model's inputs with every length decided, and the order in which the network takes their axes. */
import { EspalierError } from '../../errors.ts';
import { OpenInputs } from '../open-inputs.ts';
import { channelsLastAxes } from './layout.ts';
import type { OnnxGraph, OnnxInput } from './onnx-graph.ts';
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
  const openBatch = first === undefined || typeof first[0] === 'string';
  const batchSize = openBatch || first.length < 2 ? 1 : Number(first[0] ?? 1);
  if (!(batchSize >= 1)) throw new EspalierError('invalid-model', `has a batch of ${batchSize}`, { where, fix: 'export the model again' });
  const inputs = graph.inputs.map((input, position) => {
    if (!elementTypes.has(input.elementType))
      throw new EspalierError('unsupported-model', `takes elements of type ${input.elementType}, which is not supported`, {
        where: `input "${input.name}"`,
        fix: 'export the model with float32 inputs',
      });
    return planInput(
      graph,
      input,
      lengthsOf(graph, input, given?.[position] ?? (given?.length === 1 ? given[0] : undefined), batchSize),
      batchSize,
    );
  });
  return { batchSize, openBatch, inputs };
}

function lengthsOf(graph: OnnxGraph, input: OnnxInput, given: readonly number[] | undefined, batchSize: number): readonly number[] {
  const { name, dimensions } = input;
  const where = `input "${name}"`;
  if (dimensions === undefined && given === undefined)
    throw new EspalierError('unsupported-model', 'has no shape in the file', { where, fix: inputShapeRemedy, cause: openInputsOf(graph) });
  const declared = dimensions ?? ['?', ...(given ?? []).map(() => '?')];
  const wanted = given === undefined || given.length === declared.length ? given : [batchSize, ...given];
  if (wanted !== undefined && wanted.length !== declared.length)
    throw new EspalierError('invalid-argument', `takes [${declared.join(', ')}], but the shape given is [${(given ?? []).join(', ')}]`, {
      where,
      fix: 'give the lengths of one example in the order of the model, such as 3,224,224',
    });
  const lengths = declared.map((length, axis) => {
    if (typeof length === 'number') return length;
    return axis === 0 ? batchSize : (wanted?.[axis] ?? undefined);
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
    wanted !== undefined && declared.some((length, axis) => axis > 0 && typeof length === 'number' && length !== wanted[axis]);
  if (contradicts)
    throw new EspalierError('invalid-argument', `takes [${declared.join(', ')}], but the shape given is [${wanted.join(', ')}]`, {
      where,
      fix: 'only open dimensions can be chosen',
    });
  if (!known.every((length) => Number.isSafeInteger(length) && length > 0))
    throw new EspalierError('invalid-model', `has the shape [${known.join(', ')}]`, { where, fix: 'export the model again' });
  return known;
}

/** Of one example: the batch in front may stay open. */
function openInputsOf({ inputs }: OnnxGraph): OpenInputs {
  return new OpenInputs(
    inputs.map(({ name, dimensions }) => ({
      name,
      shape: dimensions?.slice(1).map((length) => (typeof length === 'number' ? length : null)),
    })),
  );
}

const inputShapeRemedy =
  'give the shape of one example (--input-shape 3,224,224, or "inputShape" in a recipe), or export the model with a fixed one';

function planInput(graph: OnnxGraph, input: OnnxInput, shape: readonly number[], batchSize: number): PlannedInput {
  const { name } = input;
  const element = floatTypes.has(input.elementType) ? 'float' : 'integer';
  const batch = shape.length >= 2 && shape[0] === batchSize ? 0 : undefined;
  const plain = shape.map((_, axis) => axis).filter((axis) => axis !== batch);
  if (batch === undefined || shape.length < 3) return { name, shape, axes: plain, batch, element };
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
const opaque = new Set([
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Gather',
  'MatMul',
  'Gemm',
  'Shape',
  'Size',
  'Concat',
  'ReduceMean',
  'ReduceMax',
  'ReduceSum',
]);

/**
 * The order of axes that the first operators behind an input want: channels last for what they take as `[n, c, …]`. Where
 * none says it, an image `[n, c, h, w]` of few channels comes channels-last as well, since data do.
 */
function wantedAxes(graph: OnnxGraph, input: string, shape: readonly number[]): readonly number[] | undefined {
  const rank = shape.length;
  const identity = shape.map((_, axis) => axis);
  const pending = [{ name: input, order: identity }];
  const seen = new Set<string>([input]);
  const consumers = consumersOf(graph);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const node of consumers.get(next.name) ?? []) {
      const { order } = next;
      if (node.inputs[0] === next.name && channelsFirst.has(node.op))
        return order[0] === 0 ? channelsLastAxes(rank).map((axis) => order[axis] ?? axis) : undefined;
      if (opaque.has(node.op)) continue;
      const permutation = node.op === 'Transpose' ? node.attributes.integers('perm') : undefined;
      const output = node.outputs[0];
      if (output === undefined || seen.has(output) || (permutation !== undefined && permutation.length !== rank)) continue;
      seen.add(output);
      pending.push({ name: output, order: permutation === undefined ? order : permutation.map((axis) => order[axis] ?? axis) });
    }
  }
  const [, c = 0, h = 0, w = 0] = shape;
  return rank === 4 && c <= 4 && h > c && w > c ? channelsLastAxes(rank) : undefined;
}

function consumersOf(graph: OnnxGraph): ReadonlyMap<string, readonly OnnxGraph['nodes'][number][]> {
  const consumers = new Map<string, OnnxGraph['nodes'][number][]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const known = consumers.get(name);
      if (known === undefined) consumers.set(name, [node]);
      else known.push(node);
    }
  }
  return consumers;
}
