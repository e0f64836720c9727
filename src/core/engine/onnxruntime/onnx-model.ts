/**
 * The part of ONNX (onnx.proto3) that programs need, as data, and its encoding. Field numbers are those of the
 * specification at https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 */
import type { TensorData } from '../engine.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

export type OnnxElementType = 'float32' | 'int32' | 'int64' | 'bool';

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export interface OnnxNode {
  readonly op: string;
  /** `''` is the standard operator set. */
  readonly domain: '' | 'com.microsoft';
  /** `''` leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute =
  { readonly integer: number } | { readonly integers: readonly number[] } | { readonly float: number } | { readonly string: string };

export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
  readonly data: TensorData | BigInt64Array;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
}

const irVersion = 9;
/** The first operator set with the reductions' axes as inputs and with ScatterElements that adds. */
const operatorSet = 18;

const elementTypes: Readonly<Record<OnnxElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  const graph = new ProtobufWriter();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, 'program');
  for (const initializer of model.initializers) graph.message(5, encodeInitializer(initializer));
  for (const input of model.inputs) graph.message(11, encodeValue(input));
  for (const output of model.outputs) graph.message(12, encodeValue(output));
  return new ProtobufWriter()
    .integer(1, irVersion)
    .string(2, 'espalier')
    .message(7, graph)
    .message(8, new ProtobufWriter().string(1, '').integer(2, operatorSet))
    .message(8, new ProtobufWriter().string(1, 'com.microsoft').integer(2, 1))
    .finish();
}

function encodeNode(node: OnnxNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.outputs.find((output) => output !== '') ?? '').string(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) writer.message(5, encodeAttribute(name, attribute));
  if (node.domain !== '') writer.string(7, node.domain);
  return writer;
}

function encodeAttribute(name: string, attribute: OnnxAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().string(1, name);
  if ('integer' in attribute) return writer.integer(3, attribute.integer).integer(20, 2);
  if ('integers' in attribute) return writer.integers(8, attribute.integers).integer(20, 7);
  if ('float' in attribute) return writer.float(2, attribute.float).integer(20, 1);
  return writer.string(4, attribute.string).integer(20, 3);
}

function encodeInitializer({ name, type, shape, data }: OnnxInitializer): ProtobufWriter {
  return new ProtobufWriter()
    .integers(1, shape)
    .integer(2, elementTypes[type])
    .string(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function encodeValue({ name, type, shape }: OnnxValue): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const length of shape) dimensions.message(1, new ProtobufWriter().integer(1, length));
  const tensor = new ProtobufWriter().integer(1, elementTypes[type]).message(2, dimensions);
  return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
