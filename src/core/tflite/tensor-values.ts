import { EspalierError } from '../errors.ts';
import { densify } from './sparsity.ts';
import { elementCount, type TfliteTensor } from './tflite-model.ts';

/**
 * The stored numbers of a constant tensor, integers as they are in the file: sparse ones made dense, packed ones
 * (int4) unpacked, float16 widened. Row-major in the tensor's shape.
 *
 * @throws EspalierError `invalid-model` when the tensor is not a constant or has a type without numbers.
 */
export function storedValues(tensor: TfliteTensor): Float64Array {
  if (tensor.data === undefined)
    throw new EspalierError('invalid-model', 'it is computed, where a constant is needed', { where: `tensor "${tensor.name}"` });
  const values = decode(tensor, tensor.data);
  return tensor.sparsity === undefined ? values : densify(values, tensor.shape, tensor.sparsity, tensor.name);
}

/** The real numbers of a constant tensor: integers with quantization parameters are dequantized. */
export function realValues(tensor: TfliteTensor): Float32Array {
  const stored = storedValues(tensor);
  const { quantization, shape } = tensor;
  if (quantization === undefined) return Float32Array.from(stored);
  const { scales, zeroPoints, axis } = quantization;
  const inner = scales.length === 1 ? 1 : elementCount(shape.slice(axis + 1));
  return Float32Array.from(stored, (value, i) => {
    const channel = scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length;
    return (value - (zeroPoints[channel] ?? 0)) * (scales[channel] ?? 1);
  });
}

function decode(tensor: TfliteTensor, data: Uint8Array): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = (size: number, at: (offset: number) => number): Float64Array =>
    Float64Array.from({ length: Math.floor(data.length / size) }, (_, i) => at(i * size));
  switch (tensor.type) {
    case 'float32':
      return read(4, (offset) => view.getFloat32(offset, true));
    case 'float64':
      return read(8, (offset) => view.getFloat64(offset, true));
    case 'float16':
      return read(2, (offset) => decodeFloat16(view.getUint16(offset, true)));
    case 'int32':
      return read(4, (offset) => view.getInt32(offset, true));
    case 'uint32':
      return read(4, (offset) => view.getUint32(offset, true));
    case 'int64':
      return read(8, (offset) => Number(view.getBigInt64(offset, true)));
    case 'int16':
      return read(2, (offset) => view.getInt16(offset, true));
    case 'uint16':
      return read(2, (offset) => view.getUint16(offset, true));
    case 'int8':
      return read(1, (offset) => view.getInt8(offset));
    case 'uint8':
    case 'bool':
      return Float64Array.from(data);
    case 'int4': {
      const count = tensor.sparsity === undefined ? elementCount(tensor.shape) : data.length * 2;
      return Float64Array.from({ length: count }, (_, i) => ((data[i >> 1] ?? 0) << (i % 2 === 0 ? 28 : 24)) >> 28);
    }
    default:
      throw new EspalierError('unsupported-model', `its element type ${tensor.type} cannot be read as numbers`, {
        where: `tensor "${tensor.name}"`,
      });
  }
}

/** IEEE 754 binary16. */
export function decodeFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float = new Float32Array(1);
const integer = new Uint32Array(float.buffer);

/** IEEE 754 binary16, rounded to nearest even; what is too large becomes the largest finite number. */
export function encodeFloat16(value: number): number {
  float[0] = value;
  const bits = integer[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7bff;
  if (magnitude < 0x38800000) {
    // Subnormal: a multiple of 2^-24.
    return sign | roundHalfToEven(Math.abs(value) * 2 ** 24);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
