/** Vectors of a flatbuffer. The builder writes backwards, so elements are added from the last to the first. */
import type { Builder, Offset } from 'flatbuffers';

export function offsetsVector(builder: Builder, offsets: readonly Offset[]): Offset {
  return vector(builder, 4, offsets, (offset) => builder.addOffset(offset));
}

export function intsVector(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addInt32(value));
}

export function floatsVector(builder: Builder, values: readonly number[]): Offset {
  return vector(builder, 4, values, (value) => builder.addFloat32(value));
}

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
