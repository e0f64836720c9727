/** Element types of .tflite tensors, in the order of their codes. */
export const tensorTypes = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'complex64',
  'int8',
  'float64',
  'complex128',
  'uint64',
  'resource',
  'variant',
  'uint32',
  'uint16',
  'int4',
  'bfloat16',
  'int2',
  'uint4',
] as const;

/** The element type of a tensor. */
export type TensorType = (typeof tensorTypes)[number];

const bits: Readonly<Record<TensorType, number | undefined>> = {
  float32: 32,
  float16: 16,
  int32: 32,
  uint8: 8,
  int64: 64,
  string: undefined,
  bool: 8,
  int16: 16,
  complex64: 64,
  int8: 8,
  float64: 64,
  complex128: 128,
  uint64: 64,
  resource: undefined,
  variant: undefined,
  uint32: 32,
  uint16: 16,
  int4: 4,
  bfloat16: 16,
  int2: 2,
  uint4: 4,
};

/** Bits of an element; undefined for types without a fixed size. */
export function tensorBits(type: TensorType): number | undefined {
  return bits[type];
}

/** Bytes of a dense tensor; undefined for types without a fixed size (strings, resources). Sub-byte types are packed. */
export function tensorBytes(type: TensorType, elements: number): number | undefined {
  const size = bits[type];
  return size === undefined ? undefined : Math.ceil((elements * size) / 8);
}
