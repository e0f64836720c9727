/** Tensors as ONNX stores them: raw bytes, typed fields, or a place in a file beside the model. */
import { EspalierError } from '../../errors.ts';
import { decodeFloat16 } from '../../float16.ts';
import { elementCount } from '../../network/shapes/shape.ts';
import { dataTypes, type DataType, type TensorProto } from '../../protobuf/onnx.ts';
import { allocate, type HostTensor, type NumericArray } from './host-tensor.ts';

/** Files beside the model, by the name that the model gives them. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

const typeNames = new Map<number, DataType>(
  Object.entries(dataTypes).flatMap(([name, code]) => (isDataType(name) ? [[code, name] as const] : [])),
);

/** Undefined for strings, complex numbers and types of less than 8 bits. */
export function dataTypeOf(code: number): DataType | undefined {
  return typeNames.get(code);
}

function isDataType(name: string): name is DataType {
  return Object.hasOwn(dataTypes, name);
}

const widths: Readonly<Record<DataType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
};

/**
 * @throws EspalierError `unsupported-model` for a type of no meaning here, `invalid-model` when the data do not fill the
 * shape
 */
export function readTensor(tensor: TensorProto, external: ExternalFiles): HostTensor {
  const where = `tensor "${tensor.name}"`;
  const type = dataTypeOf(tensor.dataType);
  if (type === undefined)
    throw new EspalierError('unsupported-model', `has element type ${tensor.dataType}, which is not supported`, {
      where,
      fix: 'export the model with float32 weights',
    });
  const shape = tensor.dims;
  const length = elementCount(shape);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !Number.isSafeInteger(length))
    throw new EspalierError('invalid-model', `has the shape [${shape.join(', ')}]`, { where, fix: 'export the model again' });
  const raw = tensor.dataLocation === 1 ? externalBytes(tensor, external, length * widths[type]) : tensor.rawData;
  if (raw !== undefined) {
    if (raw.length !== length * widths[type])
      throw new EspalierError('invalid-model', `has ${raw.length} bytes, its shape [${shape.join(', ')}] needs ${length * widths[type]}`, {
        where,
        fix: 'export or copy the model again',
      });
    return { type, shape, data: fromBytes(type, raw, length) };
  }
  const listed = fieldOf(tensor, type);
  if (listed.length !== length)
    throw new EspalierError('invalid-model', `has ${listed.length} elements, its shape [${shape.join(', ')}] needs ${length}`, {
      where,
      fix: 'export or copy the model again',
    });
  const data = allocate(type, length);
  if (type === 'float16' || type === 'bfloat16') {
    // The bits stand in the field of 32-bit integers.
    const widen = type === 'float16' ? decodeFloat16 : fromBrain;
    for (const [i, bits] of listed.entries()) data[i] = widen(bits);
  } else for (const [i, value] of listed.entries()) data[i] = value;
  return { type, shape, data };
}

/** The field that holds a type's values when they are not raw bytes. */
function fieldOf(tensor: TensorProto, type: DataType): readonly number[] {
  switch (type) {
    case 'float32':
      return tensor.floatData;
    case 'float64':
      return tensor.doubleData;
    case 'int64':
      return tensor.int64Data;
    case 'uint32':
    case 'uint64':
      return tensor.uint64Data;
    default:
      return tensor.int32Data;
  }
}

function externalBytes(tensor: TensorProto, external: ExternalFiles, length: number): Uint8Array {
  const entry = (key: string): string | undefined => tensor.externalData.find((pair) => pair.key === key)?.value;
  const location = entry('location') ?? '';
  const file = external.get(location);
  const where = `tensor "${tensor.name}"`;
  if (file === undefined)
    throw new EspalierError('file-access', `its data are in "${location}", which was not read`, {
      where,
      fix: 'copy that file beside the model',
    });
  const offset = Number(entry('offset') ?? 0);
  const stated = entry('length');
  const size = stated === undefined ? length : Number(stated);
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(size) || offset < 0 || size < 0 || offset + size > file.length)
    throw new EspalierError(
      'invalid-model',
      `its data are bytes ${offset} to ${offset + size} of "${location}", which has ${file.length}`,
      { where, fix: 'the file of weights is truncated or of another model: copy it again' },
    );
  return file.subarray(offset, offset + size);
}

/** Little-endian, at any alignment. */
function fromBytes(type: DataType, raw: Uint8Array, length: number): NumericArray {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = allocate(type, length);
  switch (type) {
    case 'float16':
      for (let i = 0; i < length; i++) data[i] = decodeFloat16(view.getUint16(i * 2, true));
      return data;
    case 'bfloat16':
      for (let i = 0; i < length; i++) data[i] = fromBrain(view.getUint16(i * 2, true));
      return data;
    case 'int64':
      for (let i = 0; i < length; i++) data[i] = Number(view.getBigInt64(i * 8, true));
      return data;
    case 'uint64':
      for (let i = 0; i < length; i++) data[i] = Number(view.getBigUint64(i * 8, true));
      return data;
    default:
      // Every machine that Node runs on stores numbers as ONNX does.
      new Uint8Array(data.buffer).set(raw);
      return data;
  }
}

const brain = new DataView(new ArrayBuffer(4));

/** The upper half of a binary32. */
function fromBrain(bits: number): number {
  brain.setUint32(0, (bits & 0xffff) * 0x10000);
  return brain.getFloat32(0);
}
