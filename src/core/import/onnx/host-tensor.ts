/** Tensors whose values are known when the model is read: weights, and what shape arithmetic gives. */
import type { DataType } from '../../protobuf/onnx.ts';

export type NumericArray = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

export interface HostTensor {
  /** As the file stores it; 64-bit integers are held as doubles, float16 as float32. */
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: NumericArray;
}

const arrays: Readonly<Record<DataType, (length: number) => NumericArray>> = {
  float32: (length) => new Float32Array(length),
  float16: (length) => new Float32Array(length),
  bfloat16: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  int8: (length) => new Int8Array(length),
  uint8: (length) => new Uint8Array(length),
  int16: (length) => new Int16Array(length),
  uint16: (length) => new Uint16Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  int64: (length) => new Float64Array(length),
  uint64: (length) => new Float64Array(length),
  bool: (length) => new Uint8Array(length),
};

/** Zeros of an element type. */
export function allocate(type: DataType, length: number): NumericArray {
  return arrays[type](length);
}

export function isFloat(type: DataType): boolean {
  return type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64';
}

/** A tensor of the values that `value` gives for each row-major index. */
export function tensorFrom(type: DataType, shape: readonly number[], value: (index: number) => number): HostTensor {
  const data = allocate(
    type,
    shape.reduce((product, length) => product * length, 1),
  );
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { type, shape, data };
}

/** A vector of 64-bit integers: what shapes are. */
export function integerVector(values: readonly number[]): HostTensor {
  return { type: 'int64', shape: [values.length], data: Float64Array.from(values) };
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}

/**
 * The elements of a row-major tensor in another order: for result axis i, `steps[i]` elements of the source lie between
 * neighbours, from `start` on.
 */
export function gatherStrided(source: HostTensor, shape: readonly number[], steps: readonly number[], start = 0): HostTensor {
  const result = allocate(
    source.type,
    shape.reduce((product, length) => product * length, 1),
  );
  const position = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < result.length; i++) {
    result[i] = source.data[at] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      at += steps[axis] ?? 0;
      if (next < (shape[axis] ?? 1)) {
        position[axis] = next;
        break;
      }
      at -= (steps[axis] ?? 0) * (shape[axis] ?? 1);
      position[axis] = 0;
    }
  }
  return { type: source.type, shape, data: result };
}

/** Axis i of the result is axis `order[i]` of the source. */
export function transposed(source: HostTensor, order: readonly number[]): HostTensor {
  const strides = stridesOf(source.shape);
  return gatherStrided(
    source,
    order.map((axis) => source.shape[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 0),
  );
}

/** Stretched by NumPy's rule to a shape that it broadcasts to. */
export function broadcastTo(source: HostTensor, shape: readonly number[]): HostTensor {
  const strides = stridesOf(source.shape);
  const lead = shape.length - source.shape.length;
  return gatherStrided(
    source,
    shape,
    shape.map((_, axis) => ((source.shape[axis - lead] ?? 1) === 1 ? 0 : (strides[axis - lead] ?? 0))),
  );
}
