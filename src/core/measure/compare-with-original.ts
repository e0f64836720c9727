/** Whether a network computes what the model that it was imported from does: both run on the same random inputs. */
import type { Engine } from '../engine/engine.ts';
import { openForeignModel, type ForeignModel } from '../engine/onnxruntime/foreign-model.ts';
import { EspalierError, isEspalierError } from '../errors.ts';
import { compileInference } from '../lowering/inference.ts';
import type { Network, Shape, ValueId } from '../network/network.ts';
import type { OriginalInput, OriginalModel, OriginalTensor } from '../network/original-model.ts';
import { elementCount } from '../network/shapes/shape.ts';
import { createRandom, type Random } from '../random.ts';

/** Each with inputs of its own. */
const batches = 2;

export interface OriginalComparison {
  /** Of all outputs and examples: the largest difference, of the range of the output that it is in. */
  readonly difference: number;
  readonly examples: number;
  /** Why nothing could be compared. */
  readonly skipped?: string;
}

/**
 * Runs the original in onnxruntime and the network in the engine.
 *
 * @throws EspalierError `unsupported-model` that names the first operator of the original whose result differs
 */
export async function compareWithOriginal(network: Network, original: OriginalModel, engine: Engine): Promise<OriginalComparison> {
  let reference: ForeignModel;
  try {
    reference = await openForeignModel(original.bytes([]), original.folder);
  } catch (error) {
    if (isEspalierError(error)) return { difference: 0, examples: 0, skipped: error.message };
    throw error;
  }
  try {
    return await compare(network, original, engine, reference);
  } finally {
    await reference.dispose();
  }
}

async function compare(network: Network, original: OriginalModel, engine: Engine, reference: ForeignModel): Promise<OriginalComparison> {
  const { batchSize, outputs, tolerance } = original;
  const random = createRandom(1);
  const program = await compileInference(engine, network, batchSize);
  try {
    let worst = 0;
    for (let batch = 0; batch < batches; batch++) {
      const inputs = original.inputs.map((input) => randomInput(network, original, input, random));
      const names = outputs.map(({ name }) => name);
      let expected: readonly Float32Array[];
      try {
        expected = await runOriginal(reference, original, inputs, names);
      } catch (error) {
        if (isEspalierError(error)) return { difference: 0, examples: 0, skipped: error.message };
        throw error;
      }
      const found = await program.run(inputs, batchSize);
      for (const [i, output] of outputs.entries()) {
        const difference = relativeDifference(found[i] ?? new Float32Array(), expected[i] ?? new Float32Array());
        if (!(difference <= tolerance)) throw await differs(original, engine, inputs, output, difference);
        worst = Math.max(worst, difference);
      }
    }
    return { difference: worst, examples: batches * batchSize };
  } finally {
    await program.dispose();
  }
}

async function runOriginal(
  reference: ForeignModel,
  original: OriginalModel,
  inputs: readonly Float32Array[],
  names: readonly string[],
  tensors: readonly OriginalTensor[] = original.outputs,
): Promise<readonly Float32Array[]> {
  const feeds = original.inputs.map((input, i) => [
    input.name,
    { type: input.type, shape: input.shape, data: toOriginal(inputs[i] ?? new Float32Array(), input, original.batchSize) },
  ]);
  const results = await reference.run(Object.fromEntries(feeds), names);
  return results.map(({ data }, i) => {
    const tensor = tensors[i];
    return tensor === undefined ? data : toNetwork(data, tensor, original.batchSize);
  });
}

/** Which operator it begins with: both are run once more, with every value as an output. */
async function differs(
  original: OriginalModel,
  engine: Engine,
  inputs: readonly Float32Array[],
  output: OriginalTensor,
  difference: number,
): Promise<EspalierError> {
  const first = await firstDifference(original, engine, inputs);
  const where = first === undefined ? `output "${output.name}"` : `${first.operator} "${first.node}"`;
  return new EspalierError(
    'unsupported-model',
    `the imported network differs from the original in onnxruntime by ${difference.toExponential(1)} of the range of output "${output.name}"` +
      (first === undefined ? '' : `; the first operator to differ is ${where}, by ${first.difference.toExponential(1)}`),
    { where, fix: 'this is an error of the import: please report the model, or export it in another way' },
  );
}

interface FirstDifference {
  readonly operator: string;
  readonly node: string;
  readonly difference: number;
}

async function firstDifference(
  original: OriginalModel,
  engine: Engine,
  inputs: readonly Float32Array[],
): Promise<FirstDifference | undefined> {
  const { converted, tolerance, batchSize } = original;
  const steps = original.steps.filter(({ value }) => converted.values.has(value));
  const names = steps.map(({ name }) => name);
  const outputs = new Set(original.outputs.map(({ name }) => name));
  try {
    const reference = await openForeignModel(original.bytes(names.filter((name) => !outputs.has(name))), original.folder);
    const values = [...new Set(steps.map(({ value }) => value))];
    const program = await compileInference(engine, converted, batchSize, { outputs: values });
    try {
      const expected = await runOriginal(reference, original, inputs, names, steps);
      const found = await program.run(inputs, batchSize);
      const byValue = new Map<ValueId, Float32Array>(values.map((value, i) => [value, found[i] ?? new Float32Array()]));
      for (const [i, { value, operator, node }] of steps.entries()) {
        const difference = relativeDifference(byValue.get(value) ?? new Float32Array(), expected[i] ?? new Float32Array());
        if (!(difference <= tolerance)) return { operator, node, difference };
      }
      return undefined;
    } finally {
      await program.dispose();
      await reference.dispose();
    }
  } catch (error) {
    // The difference is the news; that its place could not be found is not.
    if (isEspalierError(error)) return undefined;
    throw error;
  }
}

/** `max |a - b|` of the range of `b`; of its largest value where all are equal. */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let [least, most, largest] = [Infinity, -Infinity, 0];
  for (const [i, value] of expected.entries()) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    // Infinities and what is not a number are equal to themselves.
    if (!Object.is(value, found[i]))
      largest = Math.max(largest, Number.isNaN(value - (found[i] ?? NaN)) ? Infinity : Math.abs(value - (found[i] ?? NaN)));
  }
  if (largest === 0) return 0;
  const range = most - least;
  return largest / (range > 0 ? range : Math.max(Math.abs(most), Number.MIN_VALUE));
}

/** Numbers for a whole batch in the order of the network's value: `[n, ...stored]`. */
function randomInput(network: Network, original: OriginalModel, input: OriginalInput, random: Random): Float32Array {
  const length = elementCount(input.shape) * (input.batch === undefined ? original.batchSize : 1);
  const rows = network.operations.flatMap((operation) =>
    operation.kind === 'embedding' && operation.inputs[0] === input.value ? [network.parameters.get(operation.table)?.shape[0] ?? 1] : [],
  );
  if (rows.length > 0) return Float32Array.from({ length }, () => random.integer(Math.min(...rows)));
  switch (input.type) {
    case 'uint8':
      return Float32Array.from({ length }, () => random.integer(256));
    case 'int8':
    case 'int32':
    case 'int64':
      return Float32Array.from({ length }, () => random.integer(64));
    case 'float16':
      // Numbers that float16 holds exactly.
      return Float32Array.from({ length }, () => Math.round(random.normal() * 256) / 256);
    default:
      return Float32Array.from({ length }, () => random.normal());
  }
}

/** `[n, ...stored]` in the original's order of axes. */
function toOriginal(data: Float32Array, tensor: OriginalTensor, batchSize: number): Float32Array {
  return moved(data, tensor, batchSize, (result, inNetwork, inOriginal) => {
    result[inOriginal] = data[inNetwork] ?? 0;
  });
}

/** From the original's order of axes to `[n, ...stored]`. */
function toNetwork(data: Float32Array, tensor: OriginalTensor, batchSize: number): Float32Array {
  return moved(data, tensor, batchSize, (result, inNetwork, inOriginal) => {
    result[inNetwork] = data[inOriginal] ?? 0;
  });
}

function moved(
  data: Float32Array,
  { shape, axes, batch }: OriginalTensor,
  batchSize: number,
  move: (result: Float32Array, inNetwork: number, inOriginal: number) => void,
): Float32Array {
  const order = batch === undefined ? axes : [batch, ...axes];
  const lengths = order.map((axis) => shape[axis] ?? 1);
  const strides = stridesOf(shape);
  const result = new Float32Array(data.length);
  const position = new Array<number>(order.length).fill(0);
  let inOriginal = 0;
  const count = batch === undefined ? data.length / batchSize : data.length;
  for (let inNetwork = 0; inNetwork < count; inNetwork++) {
    move(result, inNetwork, inOriginal);
    for (let i = order.length - 1; i >= 0; i--) {
      const stride = strides[order[i] ?? 0] ?? 0;
      const next = (position[i] ?? 0) + 1;
      inOriginal += stride;
      if (next < (lengths[i] ?? 1)) {
        position[i] = next;
        break;
      }
      inOriginal -= stride * (lengths[i] ?? 1);
      position[i] = 0;
    }
  }
  return result;
}

function stridesOf(shape: Shape): readonly number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}
