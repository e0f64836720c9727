import type { Target } from './target.ts';

/** Numbers in their stored type, so that a cache holds four times as many images. */
export type StoredNumbers = Uint8Array | Int8Array | Int16Array | Float32Array;

/** One example before preprocessing. */
export type Example =
  | { readonly kind: 'tensor'; readonly shape: readonly number[]; readonly data: StoredNumbers }
  /** `[h, w, channels]`, 0..255 */
  | { readonly kind: 'image'; readonly shape: readonly [number, number, number]; readonly data: Uint8Array }
  | Sound;

export interface Sound {
  readonly kind: 'sound';
  /** In hertz. */
  readonly sampleRate: number;
  /** One channel, -1..1. */
  readonly samples: Float32Array;
}

export type ExampleKind = Example['kind'];

/** The examples of one split, as a format's reader gives them. */
export interface ExampleSource {
  readonly name: string;
  readonly kind: ExampleKind;
  readonly size: number;
  /** Of every example; undefined when each file has its own. */
  readonly shape: readonly number[] | undefined;
  readonly target: Target;
  /** Class of each example, `[size, label width]` of several outputs; of autoencoders 0 for what is normal. Empty for regression. */
  readonly labels: Int32Array;
  /** Labels that are read with their example, such as masks; `labels` is empty then. */
  readonly loadLabels?: ((index: number) => Int32Array | Promise<Int32Array>) | undefined;
  /** `[size, target size]` for regression; empty for classes and for autoencoders, whose target is their input. */
  readonly targets: Float32Array;
  /** A promise only where a file has to be read, so that batches from memory do not wait for the event loop. */
  load(index: number): Example | Promise<Example>;
  /** The file of an example, where decoding it takes longer than reading it. */
  readonly readEncoded?: ((index: number) => Promise<EncodedExample>) | undefined;
}

/** An example that is not decoded yet. */
export interface EncodedExample {
  readonly bytes: Uint8Array;
  /** With its version: what the example depends on beside the bytes. */
  readonly decoder: string;
  /** @throws EspalierError that names the file */
  decode(): Promise<Example>;
}

/** The splits that a format's reader finds. */
export interface SourceSplits {
  readonly train: ExampleSource;
  /** Undefined: held back from train. */
  readonly validation: ExampleSource | undefined;
  /** Undefined: held back from train. */
  readonly test: ExampleSource | undefined;
  readonly warnings: readonly string[];
  /** Recordings of background noise for augmentation; decoded on first use. */
  readonly backgroundSounds?: () => Promise<readonly Sound[]>;
}

/** The examples at `indices`, in that order. */
export function selectExamples(source: ExampleSource, indices: Uint32Array, name = source.name): ExampleSource {
  const { loadLabels, readEncoded } = source;
  return {
    ...source,
    name,
    size: indices.length,
    labels: selectRows(source.labels, source.size, indices),
    targets: selectRows(source.targets, source.size, indices),
    loadLabels: loadLabels && ((index) => loadLabels(indices[index] ?? 0)),
    load: (index) => source.load(indices[index] ?? 0),
    readEncoded: readEncoded && ((index) => readEncoded(indices[index] ?? 0)),
  };
}

/** @param values `[size, width]` */
export function selectRows<Values extends Int32Array | Float32Array>(values: Values, size: number, indices: Uint32Array): Values;
export function selectRows(values: Int32Array | Float32Array, size: number, indices: Uint32Array): Int32Array | Float32Array {
  const width = values.length / Math.max(size, 1);
  const rows = values instanceof Int32Array ? new Int32Array(width * indices.length) : new Float32Array(width * indices.length);
  if (width > 0) indices.forEach((from, to) => rows.set(values.subarray(from * width, (from + 1) * width), to * width));
  return rows;
}

export function emptySource(like: ExampleSource, name: string): ExampleSource {
  return selectExamples(like, new Uint32Array(0), name);
}
