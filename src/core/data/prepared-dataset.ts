import { createRandom, type Random } from '../random.ts';
import type { Batch, DataSet } from './dataset.ts';
import { type ExampleSource, selectRows, type StoredNumbers } from './example-source.ts';
import { moveMask } from './images/decode-mask.ts';
import type { KeptExamples } from './kept-examples.ts';
import { prepareExamples } from './prepare-example.ts';
import type { Movement, Pipeline } from './preprocessing/pipeline.ts';
import type { Target } from './target.ts';
import { boundTargets } from './targets.ts';

/** Files read at the same time: enough to keep a disk busy, below any limit of open files. */
const concurrentReads = 16;

export interface PreparedOptions {
  readonly source: ExampleSource;
  readonly pipeline: Pipeline;
  readonly cacheBytes: number;
  /** Of images, on disk. */
  readonly kept?: KeptExamples | undefined;
  /** Undefined: never augmented. */
  readonly augmentationSeed: number | undefined;
}

/** A data set of preprocessed examples from a source. */
export function preparedDataSet({ source, pipeline, cacheBytes, kept, augmentationSeed }: PreparedOptions): DataSet {
  const { inputShape } = pipeline;
  const length = inputShape.reduce((product, size) => product * size, 1);
  const cache = new ByteCache(cacheBytes);
  const prepare = prepareExamples(source, pipeline, kept);
  const isAutoencoder = source.target.kind === 'regression' && source.targets.length === 0 && source.size > 0;

  const prepared = (index: number): StoredNumbers | Promise<StoredNumbers> => {
    const known = cache.get(index);
    if (known !== undefined) return known;
    const remember = (numbers: StoredNumbers): StoredNumbers => {
      // A view of data in memory needs no place in the cache.
      if (numbers.byteLength * 2 > numbers.buffer.byteLength) cache.set(index, numbers);
      return numbers;
    };
    const numbers = prepare(index);
    return numbers instanceof Promise ? numbers.then(remember) : remember(numbers);
  };

  /** @returns how augmentation has moved the examples that it has moved, by their places in the batch */
  const readInto = async (
    indices: Uint32Array,
    inputs: Float32Array,
    epoch: number | undefined,
  ): Promise<ReadonlyMap<number, Movement>> => {
    const movements = new Map<number, Movement>();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < indices.length) {
        const position = next++;
        const index = indices[position] ?? 0;
        if (index >= source.size) throw new RangeError(`example ${index} of ${source.size}`);
        const random = epoch === undefined || augmentationSeed === undefined ? undefined : exampleRandom(augmentationSeed, epoch, index);
        const numbers = prepared(index);
        const ready = numbers instanceof Promise ? await numbers : numbers;
        pipeline.finish(ready, inputs, position * length, random, (movement) => movements.set(position, movement));
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrentReads, indices.length) }, work));
    return movements;
  };

  return {
    name: source.name,
    size: source.size,
    inputShapes: [inputShape],
    target: isAutoencoder ? { ...source.target, size: length, isInput: true } : source.target,
    labels: source.target.kind === 'classes' ? source.labels : undefined,
    stored: {
      steps: [pipeline.steps],
      load: async (index) => [await source.load(index)],
      prepare: (examples) =>
        examples.map((example) => {
          const values = new Float32Array(length);
          pipeline.finish(pipeline.prepare(example), values, 0, undefined);
          return values;
        }),
    },
    read: async (indices, epoch): Promise<Batch> => {
      const inputs = new Float32Array(indices.length * length);
      const movements = await readInto(indices, inputs, epoch);
      const [height = 1, width = 1] = inputShape;
      const labels = await labelsOf(source, indices);
      moveMasks(labels, indices.length, source.target, [height, width], movements);
      return {
        size: indices.length,
        inputs: [inputs],
        labels,
        targets: isAutoencoder ? inputs : selectRows(source.targets, source.size, indices),
      };
    },
  };
}

async function labelsOf({ labels, loadLabels, size }: ExampleSource, indices: Uint32Array): Promise<Int32Array> {
  if (loadLabels === undefined) return selectRows(labels, size, indices);
  const rows = await Promise.all(Array.from(indices, (index) => loadLabels(index)));
  const joined = new Int32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    joined.set(row, offset);
    offset += row.length;
  }
  return joined;
}

/** Masks of a batch follow their images, in place. */
function moveMasks(
  labels: Int32Array,
  size: number,
  target: Target,
  image: readonly [number, number],
  movements: ReadonlyMap<number, Movement>,
): void {
  if (movements.size === 0) return;
  const whole = labels.length / Math.max(size, 1);
  for (const { target: each, labels: part } of boundTargets(target)) {
    if (each.kind !== 'classMap') continue;
    for (const [row, movement] of movements) {
      const start = row * whole + part.offset;
      labels.set(moveMask(labels.slice(start, start + part.width), image, movement), start);
    }
  }
}

/** Neighbouring seeds, epochs and indices give unrelated generators. */
function exampleRandom(seed: number, epoch: number, index: number): Random {
  const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(epoch + 1, 0xc2b2ae35) ^ Math.imul(index + 1, 0x27d4eb2f);
  const random = createRandom(mixed);
  random.next();
  return random;
}

/** A cache with a bound on its bytes; the least recently used examples are evicted. */
export class ByteCache {
  readonly #entries = new Map<number, StoredNumbers>();
  readonly #capacity: number;
  #bytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: number): StoredNumbers | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    // Map keeps the order of insertion: the first key is the one that was used longest ago.
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(key: number, value: StoredNumbers): void {
    if (value.byteLength > this.#capacity) return;
    this.#bytes += value.byteLength - (this.#entries.get(key)?.byteLength ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#capacity) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.byteLength;
    }
  }
}
