import { EspalierError } from '../errors.ts';
import { decodeFloat16 } from '../float16.ts';
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
