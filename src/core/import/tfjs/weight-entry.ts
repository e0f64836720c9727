import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { elementCount } from '../../network/shapes/shape.ts';
import { asArray, asObject, asString, isObject, type Json } from '../json.ts';

export interface WeightEntry {
  readonly name: string;
  readonly shape: Shape;
  readonly stored: 'float32' | 'float16' | 'int32' | 'uint8' | 'uint16';
  /** `stored * scale + minimum` for affine quantization. */
  readonly scale: number;
  readonly minimum: number;
  readonly byteLength: number;
}

const widths = { float32: 4, float16: 2, int32: 4, uint8: 1, uint16: 2 };

export function weightEntry(json: Json, file: string): WeightEntry {
  const entry = asObject(json, `${file}: weights`);
  const name = asString(entry['name'], `${file}: weight name`);
  const where = `${file}, weight "${name}"`;
  const shape = asArray(entry['shape'], where).map(Number);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || !Number.isSafeInteger(elementCount(shape)))
    throw new EspalierError('invalid-model', `has the shape [${shape.join(', ')}]`, { where });
  const quantization = isObject(entry['quantization']) ? entry['quantization'] : undefined;
  const stored = quantization?.['dtype'] ?? entry['dtype'];
  if (stored !== 'float32' && stored !== 'float16' && stored !== 'int32' && stored !== 'uint8' && stored !== 'uint16') {
    throw new EspalierError('unsupported-model', `is stored as "${String(stored)}"`, {
      where,
      fix: 'convert the model with float32, float16, uint8 or uint16 weights',
    });
  }
  const number = (key: string, otherwise: number): number => {
    const value = quantization?.[key];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    name: name.replace(/:\d+$/, ''),
    shape,
    stored,
    scale: number('scale', 1),
    minimum: number('min', 0),
    byteLength: elementCount(shape) * widths[stored],
  };
}

/** Little-endian, as TFJS writes on every platform. */
export function readWeight(entry: WeightEntry, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = elementCount(entry.shape);
  const read = (i: number): number => {
    switch (entry.stored) {
      case 'float32':
        return view.getFloat32(i * 4, true);
      case 'int32':
        return view.getInt32(i * 4, true);
      case 'float16':
        return fromFloat16(view.getUint16(i * 2, true));
      case 'uint16':
        return view.getUint16(i * 2, true) * entry.scale + entry.minimum;
      case 'uint8':
        return view.getUint8(i) * entry.scale + entry.minimum;
    }
  };
  return Float32Array.from({ length: count }, (_, i) => read(i));
}

/** IEEE 754 binary16. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
