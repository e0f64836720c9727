/**
 * The part of ONNX that is read and written here. Field numbers are those of the specification at
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 */
import {
  bytes,
  doubles,
  float,
  floats,
  int64,
  int64s,
  nested,
  nestedList,
  optionalBytes,
  optionalInt64,
  string,
  strings,
} from './fields.ts';
import { message, type MessageOf } from './message.ts';

const keyValue = message({ key: string(1), value: string(2) });

export const tensorProto = message({
  dims: int64s(1),
  dataType: int64(2),
  floatData: floats(4),
  int32Data: int64s(5),
  int64Data: int64s(7),
  name: string(8),
  rawData: optionalBytes(9),
  doubleData: doubles(10),
  uint64Data: int64s(11),
  externalData: nestedList(13, keyValue),
  /** 1: the data are in the file that `externalData` names. */
  dataLocation: int64(14),
});
export type TensorProto = MessageOf<typeof tensorProto>;

export const attributeProto = message({
  name: string(1),
  f: float(2),
  i: int64(3),
  s: bytes(4),
  t: nested(5, tensorProto),
  /** Graphs stay as they are: no operator that is read has one. */
  g: optionalBytes(6),
  floats: floats(7),
  ints: int64s(8),
  strings: strings(9),
  type: int64(20),
  /** In functions: the attribute of the calling node. */
  refAttrName: string(21),
});
export type AttributeProto = MessageOf<typeof attributeProto>;

/** `AttributeProto.type` */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 };

export const nodeProto = message({
  input: strings(1),
  output: strings(2),
  name: string(3),
  opType: string(4),
  attribute: nestedList(5, attributeProto),
  domain: string(7),
});
export type NodeProto = MessageOf<typeof nodeProto>;

const dimension = message({ value: optionalInt64(1), parameter: string(2) });
const tensorShape = message({ dim: nestedList(1, dimension) });
const tensorType = message({ elemType: int64(1), shape: nested(2, tensorShape) });
const typeProto = message({ tensorType: nested(1, tensorType) });
export const valueInfoProto = message({ name: string(1), type: nested(2, typeProto) });
export type ValueInfoProto = MessageOf<typeof valueInfoProto>;

export const graphProto = message({
  node: nestedList(1, nodeProto),
  name: string(2),
  initializer: nestedList(5, tensorProto),
  input: nestedList(11, valueInfoProto),
  output: nestedList(12, valueInfoProto),
  valueInfo: nestedList(13, valueInfoProto),
  sparseInitializer: nestedList(15, message({})),
});
export type GraphProto = MessageOf<typeof graphProto>;

const operatorSet = message({ domain: string(1), version: int64(2) });

const functionProto = message({
  name: string(1),
  input: strings(4),
  output: strings(5),
  node: nestedList(7, nodeProto),
  opsetImport: nestedList(9, operatorSet),
  domain: string(10),
});
export type FunctionProto = MessageOf<typeof functionProto>;

export const modelProto = message({
  irVersion: int64(1),
  producerName: string(2),
  producerVersion: string(3),
  graph: nested(7, graphProto),
  opsetImport: nestedList(8, operatorSet),
  functions: nestedList(25, functionProto),
});
export type ModelProto = MessageOf<typeof modelProto>;

/** `TensorProto.data_type` of the types that have a meaning here. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type DataType = keyof typeof dataTypes;
