import { EspalierError } from '../../errors.ts';
import { bytesInMemory, type ByteSource } from '../files/byte-store.ts';

const elementBytes = { b1: 1, u1: 1, i1: 1, i2: 2, u2: 2, i4: 4, u4: 4, i8: 8, u8: 8, f2: 2, f4: 4, f8: 8 } as const;
export type NpyType = keyof typeof elementBytes;

export interface NpyArray {
  readonly where: string;
  readonly type: NpyType;
  readonly shape: readonly number[];
  readonly isLittleEndian: boolean;
  /** Rows along the first axis, as numbers of double precision rounded to float32 (or integers as they are). */
  readonly bytes: ByteSource;
  readonly offset: number;
}

/** Reads the header of a .npy file (NumPy's format, versions 1 to 3). */
export function readNpy(bytes: ByteSource, where: string): NpyArray {
  const damaged = (what: string): EspalierError =>
    new EspalierError('invalid-data', what, { where, fix: 'write the array again with numpy.save' });
  const start = bytes.read(0, Math.min(12, bytes.size));
  if (start.length < 12 || String.fromCharCode(...start.subarray(0, 6)) !== '\x93NUMPY')
    throw damaged('it does not start like a .npy file');
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const long = (start[6] ?? 1) >= 2;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const offset = (long ? 12 : 10) + length;
  if (offset > bytes.size || length > 65_536) throw damaged('it ends within its header');
  const header = new TextDecoder('latin1').decode(bytes.read(long ? 12 : 10, length));
  const descriptor = /'descr'\s*:\s*'([<>|=])(\w+)'/.exec(header);
  const dimensions = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  const type = descriptor?.[2];
  if (descriptor === null || dimensions === undefined || type === undefined) throw damaged('its header names no type and shape');
  if (!isNpyType(type))
    throw new EspalierError('invalid-data', `its element type is ${type}, but only numbers of 1 to 8 bytes are read`, {
      where,
      fix: 'store numbers: of names, their indices as numpy.unique(names, return_inverse=True) gives them',
    });
  const shape = dimensions
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) throw damaged(`its shape (${dimensions}) is impossible`);
  const expected = shape.reduce((product, size) => product * size, elementBytes[type]);
  if (bytes.size - offset !== expected) throw damaged(`its header promises ${expected} bytes of data, but it has ${bytes.size - offset}`);
  const isLittleEndian = descriptor[1] !== '>';
  const isFortran = /'fortran_order'\s*:\s*True/.test(header) && shape.length > 1;
  return isFortran
    ? { where, type, shape, isLittleEndian, bytes: inRowOrder(bytes.read(offset, expected), shape, elementBytes[type]), offset: 0 }
    : { where, type, shape, isLittleEndian, bytes, offset };
}

/** Fortran order has the first axis vary fastest; such an array is rearranged in memory once. */
function inRowOrder(columns: Uint8Array, shape: readonly number[], size: number): ByteSource {
  const rows = new Uint8Array(columns.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, 1));
  const position = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < rows.length; to += size) {
    for (let byte = 0; byte < size; byte++) rows[to + byte] = columns[from * size + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = (position[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if ((position[axis] ?? 0) < (shape[axis] ?? 1)) break;
      from -= (position[axis] ?? 0) * (strides[axis] ?? 0);
      position[axis] = 0;
    }
  }
  return bytesInMemory(rows);
}

function isNpyType(type: string): type is NpyType {
  return Object.hasOwn(elementBytes, type);
}

export function isIntegerType(type: NpyType): boolean {
  return !type.startsWith('f');
}

/** Elements `[from, from + count)` in row-major order. */
export function npyNumbers(array: NpyArray, from: number, count: number): Float32Array {
  const size = elementBytes[array.type];
  const bytes = array.bytes.read(array.offset + from * size, count * size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = reader(array.type, view, array.isLittleEndian);
  return Float32Array.from({ length: count }, (_, index) => read(index * size));
}

function reader(type: NpyType, view: DataView, littleEndian: boolean): (offset: number) => number {
  switch (type) {
    case 'b1':
    case 'u1':
      return (offset) => view.getUint8(offset);
    case 'i1':
      return (offset) => view.getInt8(offset);
    case 'i2':
      return (offset) => view.getInt16(offset, littleEndian);
    case 'u2':
      return (offset) => view.getUint16(offset, littleEndian);
    case 'i4':
      return (offset) => view.getInt32(offset, littleEndian);
    case 'u4':
      return (offset) => view.getUint32(offset, littleEndian);
    case 'i8':
      return (offset) => Number(view.getBigInt64(offset, littleEndian));
    case 'u8':
      return (offset) => Number(view.getBigUint64(offset, littleEndian));
    case 'f2':
      return (offset) => halfToNumber(view.getUint16(offset, littleEndian));
    case 'f4':
      return (offset) => view.getFloat32(offset, littleEndian);
    case 'f8':
      return (offset) => view.getFloat64(offset, littleEndian);
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
