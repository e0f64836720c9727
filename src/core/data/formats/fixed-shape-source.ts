import { EspalierError } from '../../errors.ts';
import type { OutputTarget, Target } from '../target.ts';
import type { Example, ExampleSource, StoredNumbers } from '../example-source.ts';
import type { ByteSource } from '../files/byte-store.ts';

export type StoredType = 'int8' | 'uint8' | 'int16' | 'float32' | 'float64';

export const storedBytes: Readonly<Record<StoredType, number>> = { int8: 1, uint8: 1, int16: 2, float32: 4, float64: 8 };

export interface FixedShape {
  readonly name: string;
  readonly kind: 'image' | 'tensor';
  /** Of one example. Images without a channel axis get one. */
  readonly shape: readonly number[];
  readonly size: number;
  readonly bytes: ByteSource;
  /** Where the first example starts. */
  readonly offset: number;
  /** Little-endian. */
  readonly type: StoredType;
  /** From one example to the next; their size by default. */
  readonly stride?: number;
  readonly labels: Int32Array;
  readonly targets?: Float32Array;
  readonly target: Target;
}

/** Examples of one shape, one behind the other. */
export function fixedShapeSource(options: FixedShape): ExampleSource {
  const elements = options.shape.reduce((product, size) => product * size, 1);
  const length = elements * storedBytes[options.type];
  const stride = options.stride ?? length;
  const [height = 1, width = 1, channels = 1] = options.shape;
  const isImage = options.kind === 'image' && options.type === 'uint8';
  return {
    name: options.name,
    kind: isImage ? 'image' : 'tensor',
    size: options.size,
    shape: isImage ? [height, width, channels] : options.shape,
    target: options.target,
    labels: options.labels,
    targets: options.targets ?? new Float32Array(0),
    load: (index): Example => {
      const bytes = options.bytes.read(options.offset + index * stride, length);
      return isImage
        ? { kind: 'image', shape: [height, width, channels], data: bytes }
        : { kind: 'tensor', shape: options.shape, data: storedNumbers(bytes, options.type) };
    },
  };
}

/** Numbers in little-endian bytes, without a copy where alignment allows. */
export function storedNumbers(bytes: Uint8Array, type: StoredType): StoredNumbers {
  switch (type) {
    case 'uint8':
      return bytes;
    case 'int8':
      return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    case 'int16': {
      const aligned = alignedTo(bytes, 2);
      return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
    }
    case 'float32': {
      const aligned = alignedTo(bytes, 4);
      return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
    }
    case 'float64': {
      const aligned = alignedTo(bytes, 8);
      return Float32Array.from(new Float64Array(aligned.buffer, aligned.byteOffset, aligned.length >> 3));
    }
  }
}

function alignedTo(bytes: Uint8Array, alignment: number): Uint8Array {
  return bytes.byteOffset % alignment === 0 ? bytes : bytes.slice();
}

/** Whether a number read from a file can be kept as a label as it is: kept as an int32, 1.5 and 2^32 + 1 would both pass for class 1. */
export function fitsLabel(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31;
}

/** Classes from labels: as many as the highest label says, unless names or a count say more. */
export function classTarget(
  labels: Int32Array,
  options: { readonly where: string; readonly names?: readonly string[] | undefined; readonly count?: number | undefined },
): OutputTarget & { readonly kind: 'classes' } {
  let highest = -1;
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? 0;
    if (label < 0)
      throw new EspalierError('invalid-data', `example ${index} has the label ${label}, but classes count from 0`, {
        where: options.where,
      });
    highest = Math.max(highest, label);
  }
  const classes = options.names?.length ?? options.count ?? highest + 1;
  if (highest >= classes)
    throw new EspalierError('invalid-data', `it has the label ${highest}, but there are ${classes} classes (0 to ${classes - 1})`, {
      where: options.where,
      fix: 'correct the class count or the labels',
    });
  return { kind: 'classes', classes, names: options.names };
}
