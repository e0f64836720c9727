/** Vectors of a flatbuffer. The builder writes backwards, so elements are added from the last to the first. */
import type { Builder, Offset } from 'flatbuffers';

/** A vector of tables or strings. */
export function offsetsVector(builder: Builder, offsets: readonly Offset[]): Offset {
  return vector(builder, 4, offsets, (offset) => builder.addOffset(offset));
}

/** A vector of int32. */
export function intsVector(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addInt32(value));
}

/** A vector of uint16, with its first element at a multiple of 4 in the file. */
export function shortsVector(builder: Builder, values: readonly number[]): Offset {
  builder.prep(4, 2 * values.length);
  return vector(builder, 2, values, (value) => builder.addInt16(value));
}

/** A vector of float32. */
export function floatsVector(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addFloat32(value));
}

/** A vector of int64; values must be whole. */
export function longsVector(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 8, values, (value) => builder.addInt64(BigInt(value)));
}

/** With its first byte at a multiple of `alignment` in the file. */
export function bytesVector(builder: Builder, bytes: Uint8Array, alignment: number): Offset {
  builder.prep(4, bytes.length);
  builder.prep(alignment, bytes.length);
  return builder.createByteVector(bytes);
}

function vector<T>(builder: Builder, size: number, values: readonly T[], add: (value: T) => void): Offset {
  builder.startVector(size, values.length, size);
  for (const value of [...values].reverse()) add(value);
  return builder.endVector();
}
