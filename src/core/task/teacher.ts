import type { Batch, DataSet } from '../data/dataset.ts';
import { boundTargets, type Part, partOf } from '../data/targets.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { compileInference, type Inference } from '../lowering/inference.ts';
import type { Network } from '../network/network.ts';
import type { LossKind } from '../train/fine-tuning.ts';
import { type PlannedOutput, plannedTarget, type TaskPlan } from './plan-task.ts';

/** Examples that the trained model runs at once. */
const batchSize = 32;
/** Outputs kept of examples that are not augmented. */
const cacheBytes = 256e6;

/** The trained model, compiled at the first example. */
export class Teacher {
  readonly #engine: () => Promise<Engine>;
  readonly #network: Network;
  #running = 0;
  #inference: Promise<Inference> | undefined;

  /** @param engine made at the first example */
  constructor(engine: () => Promise<Engine>, network: Network) {
    this.#engine = engine;
    this.#network = network;
  }

  /** `[size, ...]` of each input -> `[size, ...]` of each output */
  async run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]> {
    this.#inference ??= this.#engine().then((engine) => compileInference(engine, this.#network, batchSize));
    const parts: (readonly Float32Array[])[] = [];
    this.#running++;
    try {
      const inference = await this.#inference;
      for (let start = 0; start < size; start += batchSize) {
        const count = Math.min(batchSize, size - start);
        const rows = inputs.map((values) => values.subarray((start * values.length) / size, ((start + count) * values.length) / size));
        parts.push(await inference.run(rows, count));
      }
    } finally {
      this.#running--;
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined
      ? first
      : this.#network.outputs.map((_, output) => joined(parts.map((part) => part[output] ?? new Float32Array(0))));
  }

  /** Frees the compiled model; the next example compiles it again. Another stage that is reading keeps it. */
  async release(): Promise<void> {
    const inference = this.#inference;
    if (inference === undefined || this.#running > 0) return;
    this.#inference = undefined;
    await (await inference).dispose();
  }
}

/**
 * Examples with the targets of a task: labels of the data, and for outputs that learn from the trained model what it gives
 * for the very inputs of the batch, augmented as they are.
 *
 * @param isAugmented whether a training example is another one each epoch, so that its outputs are not kept
 */
export function withTeacher(data: DataSet, plan: TaskPlan, teacher: Teacher, isAugmented: boolean): DataSet {
  const target = plannedTarget(plan, data.target);
  const places = [...new Set(plan.outputs.filter(({ source }) => source === undefined).map(({ output }) => output))];
  const sources = boundTargets(data.target);
  const bound = boundTargets(target);
  const kept = new Map<number, readonly Float32Array[]>();
  let room = cacheBytes;

  const taught = async (batch: Batch, indices: Uint32Array, keep: boolean): Promise<readonly Float32Array[]> => {
    const known = keep ? Array.from(indices, (index) => kept.get(index)) : [];
    if (keep && known.length > 0 && known.every((each) => each !== undefined))
      return places.map((_, place) => joined(known.map((rows) => rows[place] ?? new Float32Array(0))));
    const outputs = await teacher.run(batch.inputs, batch.size);
    const wanted = places.map((place) => outputs[place] ?? new Float32Array(0));
    const bytes = wanted.reduce((sum, values) => sum + values.byteLength, 0);
    if (keep && bytes <= room)
      indices.forEach((index, row) => {
        if (kept.has(index)) return;
        kept.set(
          index,
          wanted.map((values) => rowOf(values, row, batch.size).slice()),
        );
        room -= bytes / batch.size;
      });
    return wanted;
  };

  return {
    ...data,
    target,
    labels: undefined,
    read: async (indices, epoch): Promise<Batch> => {
      const batch = await data.read(indices, epoch);
      const outputs = places.length === 0 ? [] : await taught(batch, indices, epoch === undefined || !isAugmented);
      const labels = new Int32Array(batch.size * sum(bound, ({ labels: part }) => part.width));
      const targets = new Float32Array(batch.size * sum(bound, ({ numbers: part }) => part.width));
      for (const [index, own] of bound.entries()) {
        const { source, output }: Pick<PlannedOutput, 'source' | 'output'> = plan.outputs[index] ?? { source: undefined, output: 0 };
        const from = source === undefined ? undefined : sources[source];
        if (from === undefined) place(targets, outputs[places.indexOf(output)] ?? new Float32Array(0), batch.size, own.numbers);
        else {
          place(labels, partOf(batch.labels, batch.size, from.labels), batch.size, own.labels);
          place(targets, partOf(batch.targets, batch.size, from.numbers), batch.size, own.numbers);
        }
      }
      // Of a labelled autoencoder labels are no target, and tell what is normal.
      const isLone = bound.length === 1 && labels.length === 0;
      return { ...batch, labels: isLone ? batch.labels : labels, targets };
    },
  };
}

/** The variance of an output over examples of the set, all its numbers together; 1 where it never changes. */
export async function outputVariances(data: DataSet, plan: TaskPlan, teacher: Teacher): Promise<ReadonlyMap<number, number>> {
  const places = plan.outputs.filter(({ source, loss }) => source === undefined && isOfNumbers(loss)).map(({ output }) => output);
  if (places.length === 0 || data.size === 0) return new Map();
  const indices = spreadIndices(data.size, Math.min(data.size, 2 * batchSize));
  const { inputs } = await data.read(indices);
  const outputs = await teacher.run(inputs, indices.length);
  return new Map(places.map((output) => [output, varianceOf(outputs[output] ?? new Float32Array(0))]));
}

function isOfNumbers(loss: LossKind): boolean {
  return loss === 'meanSquaredError' || loss === 'meanAbsoluteError';
}

function varianceOf(values: Float32Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / Math.max(values.length, 1);
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / Math.max(values.length, 1);
  return variance > 0 && Number.isFinite(variance) ? variance : 1;
}

function rowOf(values: Float32Array, row: number, size: number): Float32Array {
  return values.subarray((row * values.length) / size, ((row + 1) * values.length) / size);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(sum(parts, ({ length }) => length));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Rows `[size, width]` into rows that are longer. */
function place<Values extends Int32Array | Float32Array>(into: Values, rows: Values, size: number, { offset, width }: Part): void {
  const whole = into.length / Math.max(size, 1);
  for (let row = 0; row < size; row++) into.set(rows.subarray(row * width, (row + 1) * width), row * whole + offset);
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((total, each) => total + of(each), 0);
}
