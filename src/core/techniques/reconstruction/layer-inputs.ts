import type { DataSet } from '../../data/dataset.ts';
import type { Engine } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import { compileInference, type Inference } from '../../lowering/inference.ts';
import type { Network, ValueId } from '../../network/network.ts';
import { parametersOf } from '../../network/operation-parameters.ts';
import type { Operation } from '../../network/operations.ts';
import { elements } from '../../program/shapes.ts';
import { createRandom, shuffle } from '../../random.ts';

/** A layer's input on the same examples in both networks; one array where nothing before the layer differs. */
export interface LayerInput {
  readonly whole: Float32Array;
  readonly changed: Float32Array;
  readonly examples: number;
}

export interface LayerInputsOptions {
  readonly engine: Engine;
  readonly whole: Network;
  /** Examples are read augmented, as in training. */
  readonly data: DataSet;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const mostExamplesAtOnce = 64;
/** Of a batch's largest value. */
const largestValueBytes = 64e6;
/** Of the values that are kept, of all batches together. The same on every machine, so that results are. */
const keptBytes = 400e6;

type Values = ReadonlyMap<ValueId, Float32Array>;

/** The values of a batch that operations from `next` on read. */
interface Progress {
  readonly next: number;
  readonly whole: Values;
  readonly changed: Values;
  readonly bytes: number;
}

/**
 * Inputs of one layer after the other, in the network's order, while the layers before change. What a batch of examples
 * has become is kept where there is room, so that the next layer's inputs go on from there: all layers together cost
 * little more than one pass through the network.
 */
export class LayerInputs {
  readonly batchSize: number;
  readonly #options: LayerInputsOptions;
  readonly #order: Uint32Array;
  readonly #kept = new Map<number, Progress>();
  #bytes = 0;

  constructor(options: LayerInputsOptions) {
    const { whole, data, seed } = options;
    this.#options = options;
    const largest = Math.max(1, ...[...whole.values.values()].map(({ shape }) => elements(shape)));
    this.batchSize = Math.max(1, Math.min(mostExamplesAtOnce, data.size, Math.floor(largestValueBytes / (4 * largest))));
    this.#order = shuffle(
      Uint32Array.from({ length: data.size }, (_, i) => i),
      createRandom(seed),
    );
  }

  /** Examples that there are. */
  get size(): number {
    return this.#options.data.size;
  }

  /**
   * @param changed the network with the layers changed so far
   * @param index of the operation, no smaller than in the calls before
   * @param examples so many at least, of random ones
   * @returns the first input of the operation, in batches
   * @throws EspalierError `cancelled`
   */
  async *read(changed: Network, index: number, examples: number): AsyncGenerator<LayerInput> {
    const { whole, data, signal } = this.#options;
    const [source = ''] = whole.operations[index]?.inputs ?? [];
    const segments = new Segments(this.#options.engine, this.batchSize);
    try {
      for (let batch = 0; batch * this.batchSize < Math.min(examples, data.size); batch++) {
        if (signal.aborted) throw new EspalierError('cancelled', 'sampling the input of a layer was cancelled');
        const size = Math.min(this.batchSize, data.size - batch * this.batchSize);
        const before = this.#kept.get(batch) ?? (await this.#start(batch, size));
        const after = await this.#advance(before, changed, index, size, segments);
        this.#keep(batch, after);
        const input = after.changed.get(source);
        if (input !== undefined) yield { whole: after.whole.get(source) ?? input, changed: input, examples: size };
      }
    } finally {
      await segments.dispose();
    }
  }

  async #start(batch: number, size: number): Promise<Progress> {
    const { whole, data } = this.#options;
    const first = batch * this.batchSize;
    const { inputs } = await data.read(this.#order.slice(first, first + size), 0);
    const values = new Map(whole.inputs.map((id, i) => [id, inputs[i] ?? new Float32Array(0)]));
    return { next: 0, whole: values, changed: values, bytes: 0 };
  }

  async #advance(before: Progress, changed: Network, index: number, size: number, segments: Segments): Promise<Progress> {
    const { whole } = this.#options;
    if (before.next === index) return before;
    const segment = segmentOf(whole, before.next, index);
    const moved = await segments.run('changed', changed, segment, before.changed, size);
    const same =
      segment.inputs.every((id) => before.whole.get(id) === before.changed.get(id)) && sameParameters(whole, changed, segment.operations);
    const reference = same ? moved : await segments.run('whole', whole, segment, before.whole, size);
    // What passes by the segment has its own history in each network.
    const passing = (values: Values, computed: Values): Values =>
      new Map(segment.live.flatMap((id) => [[id, computed.get(id) ?? values.get(id) ?? new Float32Array(0)] as const]));
    const values = passing(before.changed, moved);
    const ofWhole = passing(before.whole, reference);
    return { next: index, whole: ofWhole, changed: values, bytes: bytesOf(values, ofWhole) };
  }

  #keep(batch: number, progress: Progress): void {
    const bytes = this.#bytes - (this.#kept.get(batch)?.bytes ?? 0) + progress.bytes;
    if (bytes > keptBytes) return;
    this.#kept.set(batch, progress);
    this.#bytes = bytes;
  }
}

/** Operations one after the other. */
interface Segment {
  readonly key: string;
  readonly operations: readonly Operation[];
  /** Values that they read and do not compute. */
  readonly inputs: readonly ValueId[];
  /** Values that they compute and later operations read. */
  readonly outputs: readonly ValueId[];
  /** All values that later operations read. */
  readonly live: readonly ValueId[];
}

function segmentOf(network: Network, from: number, to: number): Segment {
  const operations = network.operations.slice(from, to);
  const computed = new Set(operations.map(({ output }) => output));
  const known = new Set([...network.inputs, ...network.operations.slice(0, to).map(({ output }) => output)]);
  const live = [...new Set(network.operations.slice(to).flatMap(({ inputs }) => inputs))].filter((id) => known.has(id));
  const inputs = [...new Set(operations.flatMap((operation) => operation.inputs))].filter((id) => !computed.has(id));
  return { key: `${from} ${to}`, operations, inputs, outputs: live.filter((id) => computed.has(id)), live };
}

function sameParameters(a: Network, b: Network, operations: readonly Operation[]): boolean {
  return operations.flatMap(parametersOf).every((id) => a.parameters.get(id)?.data === b.parameters.get(id)?.data);
}

/** Both networks hold the same array where a value is the same in them. */
function bytesOf(...values: readonly Values[]): number {
  return [...new Set(values.flatMap((map) => [...map.values()]))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Compiled segments of the two networks. */
class Segments {
  readonly #inferences = new Map<string, Promise<Inference>>();
  readonly #engine: Engine;
  readonly #batchSize: number;

  constructor(engine: Engine, batchSize: number) {
    this.#engine = engine;
    this.#batchSize = batchSize;
  }

  async run(of: 'whole' | 'changed', network: Network, segment: Segment, values: Values, size: number): Promise<Values> {
    if (segment.outputs.length === 0) return new Map();
    const key = `${of} ${segment.key}`;
    const part: Network = { ...network, inputs: segment.inputs, outputs: segment.outputs, operations: segment.operations };
    const compiling = this.#inferences.get(key) ?? compileInference(this.#engine, part, this.#batchSize);
    this.#inferences.set(key, compiling);
    const inference = await compiling;
    const results = await inference.run(
      segment.inputs.map((id) => values.get(id) ?? new Float32Array(0)),
      size,
    );
    return new Map(segment.outputs.map((id, i) => [id, results[i] ?? new Float32Array(0)]));
  }

  async dispose(): Promise<void> {
    for (const inference of this.#inferences.values()) await (await inference).dispose();
    this.#inferences.clear();
  }
}
