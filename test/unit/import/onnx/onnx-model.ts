/** ONNX models written node by node, as exporters write them. */
import { createRandom, type Random } from '../../../../src/core/random.ts';
import { encode, type Written } from '../../../../src/core/protobuf/message.ts';
import {
  attributeTypes,
  dataTypes,
  modelProto,
  type AttributeProto,
  type DataType,
  type FunctionProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../../../src/core/protobuf/onnx.ts';

/** Floats need a type where a whole number may stand for one. */
export interface FloatAttribute {
  readonly float: number;
}
export type AttributeValue = number | string | readonly number[] | readonly string[] | FloatAttribute | Written<TensorProto>;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface ModelOptions {
  readonly opset?: number;
  readonly functions?: readonly Written<FunctionProto>[];
}

/** Nodes are named after their operator and numbered, or as `name` says. */
export class OnnxWriter {
  readonly random: Random;
  readonly nodes: Written<NodeProto>[] = [];
  readonly #initializers: Written<TensorProto>[] = [];
  readonly #inputs: Written<ValueInfoProto>[] = [];
  readonly #outputs: Written<ValueInfoProto>[] = [];
  #count = 0;

  constructor(seed = 1) {
    this.random = createRandom(seed);
  }

  /** Open dimensions are names. */
  input(name: string, shape: readonly (number | string)[], type: DataType = 'float32'): string {
    this.#inputs.push(valueInfo(name, shape, type));
    return name;
  }

  output(name: string, shape: readonly (number | string)[] = []): this {
    this.#outputs.push(shape.length === 0 ? { name } : valueInfo(name, shape, 'float32'));
    return this;
  }

  /** Random weights around 0, with a variance that keeps values in range. */
  weight(
    shape: readonly number[],
    name = `w${this.#count++}`,
    scale = 1 / Math.sqrt(shape.slice(1).reduce((n, length) => n * length, 1)),
  ): string {
    const length = shape.reduce((n, size) => n * size, 1);
    return this.floats(
      Array.from({ length }, () => this.random.normal() * scale),
      shape,
      name,
    );
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length], name = `c${this.#count++}`): string {
    return this.tensor({ name, dims: shape, dataType: dataTypes.float32, rawData: new Uint8Array(Float32Array.from(values).buffer) });
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length], name = `i${this.#count++}`): string {
    return this.tensor({ name, dims: shape, dataType: dataTypes.int64, int64Data: values });
  }

  tensor(tensor: Written<TensorProto> & { readonly name: string }): string {
    this.#initializers.push(tensor);
    return tensor.name;
  }

  /** A node with one output, whose name it returns. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, output = `${op}_${this.#count++}`, domain = ''): string {
    this.multiple(op, inputs, [output], attributes, domain);
    return output;
  }

  multiple(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}, domain = ''): readonly string[] {
    this.nodes.push({
      input: inputs,
      output: outputs,
      name: `${op}/${outputs[0] ?? ''}`,
      opType: op,
      domain,
      attribute: attributesOf(attributes),
    });
    return outputs;
  }

  bytes({ opset = 17, functions = [] }: ModelOptions = {}): Uint8Array {
    return encode(modelProto, {
      irVersion: 8,
      producerName: 'espalier tests',
      graph: { name: 'graph', node: this.nodes, initializer: this.#initializers, input: this.#inputs, output: this.#outputs },
      opsetImport: [{ version: opset }, ...(functions.length === 0 ? [] : [{ domain: 'local', version: 1 }])],
      functions,
    });
  }
}

export function attributesOf(attributes: Attributes): readonly Written<AttributeProto>[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'number') return { name, i: value, type: attributeTypes.int };
    if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeTypes.string };
    if (isList(value)) {
      const texts = value.filter((each) => typeof each === 'string');
      if (texts.length > 0) return { name, strings: texts, type: attributeTypes.strings };
      const numbers = value.filter((each) => typeof each === 'number');
      return numbers.every(Number.isInteger)
        ? { name, ints: numbers, type: attributeTypes.ints }
        : { name, floats: numbers, type: attributeTypes.floats };
    }
    if ('float' in value) return { name, f: value.float, type: attributeTypes.float };
    return { name, t: value, type: attributeTypes.tensor };
  });
}

function isList(value: AttributeValue): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}

function valueInfo(name: string, shape: readonly (number | string)[], type: DataType): Written<ValueInfoProto> {
  const dim = shape.map((length) => (typeof length === 'number' ? { value: length } : { parameter: length }));
  return { name, type: { tensorType: { elemType: dataTypes[type], shape: { dim } } } };
}
