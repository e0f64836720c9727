import { EspalierError } from '../errors.ts';
import { withTexts } from './compact-texts.ts';
import { builtinOperatorName, customOperatorCode } from './schema/builtin-operators.ts';
import { optionTable, type OperatorOptions, type OptionField, type OptionValue } from './schema/operator-options.ts';
import { FlatbufferBytes, invalid, TableReader } from './schema/table-reader.ts';
import { tensorBytes, tensorTypes } from './schema/tensor-types.ts';
import { readSparsity } from './sparsity.ts';
import {
  elementCount,
  type Metadata,
  type Quantization,
  type Signature,
  type SignatureTensor,
  type Subgraph,
  type TfliteModel,
  type TfliteOperator,
  type TfliteTensor,
} from './tflite-model.ts';

/** Whether bytes carry the identifier of a .tflite file. */
export function isTflite(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3';
}

/**
 * Reads a .tflite file. Every offset, length, index and shape is checked before use, in time and memory proportional
 * to the file; data stay views into `bytes`.
 *
 * @throws EspalierError `invalid-model` for anything but a well-formed file, with the place in it.
 */
export function readTflite(bytes: Uint8Array): TfliteModel {
  if (!isTflite(bytes)) throw invalid('', 'it does not carry the identifier "TFL3" at byte 4');
  const file = new FlatbufferBytes(bytes);
  const root = new TableReader(file, file.view.getUint32(0, true), '');
  const version = root.uint(0);
  if (version !== 3) throw invalid('', `it has schema version ${version}; only version 3 is known`);
  const buffers = root.tables(4, 'buffers').map((table) => readBuffer(table, bytes));
  const codes = root.tables(1, 'operatorCodes').map(readOperatorCode);
  const subgraphs = root.tables(2, 'subgraphs').map((table) => readSubgraph(table, buffers, codes));
  if (subgraphs.length === 0) throw invalid('', 'it has no subgraph');
  return withTexts({
    description: root.string(3, 'description') ?? '',
    subgraphs,
    signatures: root.tables(7, 'signatureDefs').map((table) => readSignature(table, subgraphs)),
    metadata: root.tables(6, 'metadata').map((table) => readMetadata(table, buffers)),
  });
}

type BufferData = Uint8Array | undefined;

function readBuffer(table: TableReader, bytes: Uint8Array): BufferData {
  const offset = table.ulong(1);
  const size = table.ulong(2);
  if (offset > 1) {
    if (offset + size > bytes.length)
      throw invalid(table.path, `its data end at byte ${offset + size}, after the file of ${bytes.length} bytes`);
    return bytes.subarray(offset, offset + size);
  }
  const data = table.bytes(0, 'data');
  return data === undefined || data.length === 0 ? undefined : data;
}

interface OperatorCode {
  readonly name: string;
  readonly isCustom: boolean;
  readonly version: number;
}

function readOperatorCode(table: TableReader): OperatorCode {
  const code = Math.max(table.byte(0), table.int(3));
  if (code < 0) throw invalid(table.path, `the operator code ${code} is negative`);
  const isCustom = code === customOperatorCode;
  return { name: isCustom ? (table.string(1, 'customCode') ?? 'CUSTOM') : builtinOperatorName(code), isCustom, version: table.int(2, 1) };
}

function readSubgraph(table: TableReader, buffers: readonly BufferData[], codes: readonly OperatorCode[]): Subgraph {
  const tensors = table.tables(0, 'tensors').map((tensor) => readTensor(tensor, buffers));
  const indices = (slot: number, name: string): number[] =>
    checkedIndices(table.ints(slot, name) ?? [], tensors.length, 0, `${table.path}.${name}`);
  return {
    name: table.string(4, 'name') ?? '',
    tensors,
    inputs: indices(1, 'inputs'),
    outputs: indices(2, 'outputs'),
    operators: table.tables(3, 'operators').map((operator) => readOperator(operator, codes, tensors.length)),
  };
}

function readTensor(table: TableReader, buffers: readonly BufferData[]): TfliteTensor {
  const name = table.string(3, 'name') ?? '';
  const path = `${table.path}${name === '' ? '' : ` "${name}"`}`;
  const shape = table.ints(0, 'shape') ?? [];
  if (shape.some((size) => size < 0) || !Number.isSafeInteger(elementCount(shape)))
    throw invalid(path, `its shape [${shape.join(', ')}] is impossible`);
  const typeCode = table.byte(1);
  const type = tensorTypes[typeCode];
  if (type === undefined) throw invalid(path, `its element type has the unknown code ${typeCode}`);
  const buffer = table.uint(2);
  if (buffer >= Math.max(buffers.length, 1)) throw invalid(path, `it names buffer ${buffer} of ${buffers.length}`);
  const data = buffer === 0 ? undefined : buffers[buffer];
  const sparsityTable = table.table(6, 'sparsity');
  const sparsity = sparsityTable === undefined ? undefined : readSparsity(sparsityTable, shape);
  const size = sparsity === undefined ? tensorBytes(type, elementCount(shape)) : undefined;
  if (data !== undefined && size !== undefined && data.length !== size) {
    throw invalid(path, `it holds ${data.length} bytes, but ${type} [${shape.join(', ')}] takes ${size}`);
  }
  const signature = table.ints(7, 'shapeSignature');
  if (signature !== undefined && signature.length !== shape.length && signature.length !== 0)
    throw invalid(path, 'its shape signature has another rank than its shape');
  const isDynamic = signature?.some((dimension) => dimension < 0) === true;
  const quantization = table.table(4, 'quantization');
  return {
    name,
    shape,
    shapeSignature: isDynamic ? signature : undefined,
    type,
    quantization: quantization === undefined ? undefined : readQuantization(quantization, shape, path),
    sparsity,
    isVariable: table.bool(5),
    data,
  };
}

function readQuantization(table: TableReader, shape: readonly number[], path: string): Quantization | undefined {
  const scales = table.floats(2, 'scale') ?? [];
  if (scales.length === 0) return undefined;
  const zeroPoints = table.longs(3, 'zeroPoint') ?? [];
  const axis = table.int(6);
  if (scales.some((scale) => !Number.isFinite(scale) || scale < 0))
    throw invalid(path, 'its quantization has a scale that is not a positive number');
  if (scales.length > 1 && shape[axis] !== scales.length)
    throw new EspalierError('invalid-model', `it has ${scales.length} scales along dimension ${axis} of [${shape.join(', ')}]`, {
      where: `.tflite file, ${path}`,
      fix: 'TensorFlow Lite itself refuses such scales: convert the model again with a converter of today',
    });
  if (zeroPoints.length > 1 && zeroPoints.length !== scales.length)
    throw invalid(path, `it has ${scales.length} scales but ${zeroPoints.length} zero points`);
  const zeroPoint = zeroPoints[0] ?? 0;
  return {
    scales,
    zeroPoints: zeroPoints.length === scales.length ? zeroPoints : scales.map(() => zeroPoint),
    axis: scales.length > 1 ? axis : 0,
  };
}

function readOperator(table: TableReader, codes: readonly OperatorCode[], tensors: number): TfliteOperator {
  const index = table.uint(0);
  const code = codes[index];
  if (code === undefined) throw invalid(table.path, `it names operator code ${index} of ${codes.length}`);
  return {
    ...code,
    inputs: checkedIndices(table.ints(1, 'inputs') ?? [], tensors, -1, `${table.path}.inputs`),
    outputs: checkedIndices(table.ints(2, 'outputs') ?? [], tensors, 0, `${table.path}.outputs`),
    options: readOptions(table, code),
    hasUnknownOptions: (!code.isCustom && optionTable(code.name) === undefined && table.byte(3) !== 0) || undefined,
    customOptions: table.bytes(5, 'customOptions'),
  };
}

/** A table that is absent or of another operator's type has every field at its default, as in the runtimes. */
function readOptions(operator: TableReader, code: OperatorCode): OperatorOptions {
  const declared = code.isCustom ? undefined : optionTable(code.name);
  if (declared === undefined) return {};
  const type = operator.byte(3) & 0xff;
  if (type !== 0 && type !== declared.type)
    throw invalid(operator.path, `${code.name} carries options of type ${type}, not ${declared.type}`);
  const table = type === 0 ? undefined : operator.table(4, 'options');
  return Object.fromEntries(Object.entries(declared.fields).map(([name, field]) => [name, readOption(table, name, field)]));
}

function readOption(table: TableReader | undefined, name: string, field: OptionField): OptionValue {
  switch (field.kind) {
    case 'int':
      return table?.int(field.slot, field.default) ?? field.default;
    case 'float':
      return table?.float(field.slot) ?? 0;
    case 'bool':
      return table?.bool(field.slot, field.default) ?? field.default;
    case 'ints':
      return table?.ints(field.slot, name) ?? [];
    case 'choice': {
      const value = table?.byte(field.slot) ?? 0;
      const chosen = field.names[value];
      if (chosen === undefined)
        throw invalid(`${table?.path ?? ''}.${name}`, `unknown value ${value}; known are ${field.names.join(', ')}`);
      return chosen;
    }
  }
}

function readSignature(table: TableReader, subgraphs: readonly Subgraph[]): Signature {
  const subgraph = table.uint(4);
  const tensors = subgraphs[subgraph]?.tensors.length;
  if (tensors === undefined) throw invalid(table.path, `it names subgraph ${subgraph} of ${subgraphs.length}`);
  const read = (map: TableReader): SignatureTensor => {
    const [tensor = 0] = checkedIndices([map.uint(1)], tensors, 0, map.path);
    return { name: map.string(0, 'name') ?? '', tensor };
  };
  return {
    key: table.string(2, 'signatureKey') ?? '',
    subgraph,
    inputs: table.tables(0, 'inputs').map(read),
    outputs: table.tables(1, 'outputs').map(read),
  };
}

function readMetadata(table: TableReader, buffers: readonly BufferData[]): Metadata {
  const buffer = table.uint(1);
  if (buffer >= buffers.length) throw invalid(table.path, `it names buffer ${buffer} of ${buffers.length}`);
  return { name: table.string(0, 'name') ?? '', data: buffers[buffer] ?? new Uint8Array() };
}

function checkedIndices(indices: number[], count: number, minimum: number, path: string): number[] {
  for (const index of indices) {
    if (index < minimum || index >= count) throw invalid(path, `it names tensor ${index} of ${count}`);
  }
  return indices;
}
