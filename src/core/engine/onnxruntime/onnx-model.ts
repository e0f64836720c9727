/** The models that programs are written as: plain data, and its encoding as ONNX. */
import { encode, type Written } from '../../protobuf/message.ts';
import {
  attributeTypes,
  dataTypes,
  graphProto,
  modelProto,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../protobuf/onnx.ts';
import type { TensorData } from '../engine.ts';

/** Element types that programs use: `TensorProto.DataType` 1, 6, 7 and 9. */
export type OnnxElementType = 'float32' | 'int32' | 'int64' | 'bool';

/** A graph as plain data; nodes in the order of execution. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/**
 * Operator sets: `''` is the standard one. That of `com.microsoft.nchwc` is the runtime's own for tensors whose channels
 * lie in blocks, which its optimizer writes.
 */
export type OperatorDomain = '' | 'com.microsoft' | 'com.microsoft.nchwc';

/** One operator of a graph; tensors are named. */
export interface OnnxNode {
  readonly op: string;
  readonly domain: OperatorDomain;
  /** `''` leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A static setting of an operator. */
export type OnnxAttribute =
  | { readonly integer: number }
  | { readonly integers: readonly number[] }
  | { readonly float: number }
  | { readonly string: string }
  /** The body of `Scan`. */
  | { readonly graph: OnnxModel };

/** A constant tensor, row-major. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
  readonly data: TensorData | BigInt64Array;
}

/** An input or output of the graph. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxElementType;
  /** Undefined for an output of a body whose shape the runtime infers. */
  readonly shape: readonly number[] | undefined;
}

const irVersion = 9;
/** The first operator set with the reductions' axes as inputs and with ScatterElements that adds. */
const operatorSet = 18;

/**
 * The bytes of an ONNX `ModelProto` with IR version 9 and operator set 18. See
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  return encode(modelProto, {
    irVersion,
    producerName: 'espalier',
    graph: graphOf(model, 'program'),
    opsetImport: [
      { domain: '', version: operatorSet },
      { domain: 'com.microsoft', version: 1 },
      // Not every runtime knows it.
      ...(model.nodes.some(({ domain }) => domain === 'com.microsoft.nchwc') ? [{ domain: 'com.microsoft.nchwc', version: 1 }] : []),
    ],
  });
}

function graphOf({ nodes, initializers, inputs, outputs }: OnnxModel, name: string): Written<GraphProto> {
  return {
    node: nodes.map(nodeOf),
    name,
    initializer: initializers.map(tensorOf),
    input: inputs.map(valueInfoOf),
    output: outputs.map(valueInfoOf),
  };
}

function nodeOf({ op, domain, inputs, outputs, attributes }: OnnxNode): Written<NodeProto> {
  return {
    input: inputs,
    output: outputs,
    name: outputs.find((output) => output !== '') ?? '',
    opType: op,
    attribute: Object.entries(attributes).map(([name, attribute]) => attributeOf(name, attribute)),
    domain,
  };
}

function attributeOf(name: string, attribute: OnnxAttribute): Written<AttributeProto> {
  if ('integer' in attribute) return { name, i: attribute.integer, type: attributeTypes.int };
  if ('integers' in attribute) return { name, ints: attribute.integers, type: attributeTypes.ints };
  if ('float' in attribute) return { name, f: attribute.float, type: attributeTypes.float };
  if ('graph' in attribute) return { name, g: encode(graphProto, graphOf(attribute.graph, 'body')), type: attributeTypes.graph };
  return { name, s: new TextEncoder().encode(attribute.string), type: attributeTypes.string };
}

function tensorOf({ name, type, shape, data }: OnnxInitializer): Written<TensorProto> {
  return { dims: shape, dataType: dataTypes[type], name, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function valueInfoOf({ name, type, shape }: OnnxValue): Written<ValueInfoProto> {
  const dimensions = shape === undefined ? {} : { shape: { dim: shape.map((value) => ({ value })) } };
  return { name, type: { tensorType: { elemType: dataTypes[type], ...dimensions } } };
}
