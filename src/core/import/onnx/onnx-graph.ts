/** The graph of an ONNX model as it is converted: nodes with their attributes, tensors by name. */
import type { AttributeProto, NodeProto } from '../../protobuf/onnx.ts';
import type { HostTensor } from './host-tensor.ts';

export interface OnnxInput {
  readonly name: string;
  /** `TensorProto.DataType` */
  readonly elementType: number;
  /** A number, or the name of an open dimension (`'?'` when it has none); undefined when the file gives no shape. */
  readonly dimensions: readonly (number | string)[] | undefined;
}

export interface OnnxGraph {
  /** Version of the standard operator set. */
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, () => HostTensor>;
  /** Shapes that the file states for values within the graph, open dimensions as undefined. */
  readonly statedShapes: ReadonlyMap<string, readonly (number | undefined)[]>;
}

export interface OnnxNode {
  readonly op: string;
  /** `''` is the standard operator set. */
  readonly domain: string;
  /** As the file has it, else of its first output. */
  readonly name: string;
  /** `''` leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: NodeAttributes;
}

export function nodeOf(node: NodeProto): OnnxNode {
  return {
    op: node.opType,
    domain: node.domain === 'ai.onnx' ? '' : node.domain,
    name: node.name === '' ? (node.output.find((output) => output !== '') ?? node.opType) : node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: new NodeAttributes(node.attribute),
  };
}

/** What a node's operator is parametrized with. */
export class NodeAttributes {
  readonly #byName: ReadonlyMap<string, AttributeProto>;

  constructor(attributes: readonly AttributeProto[]) {
    this.#byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  get(name: string): AttributeProto | undefined {
    return this.#byName.get(name);
  }

  integer(name: string, otherwise: number): number {
    return this.#byName.get(name)?.i ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#byName.get(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const value = this.#byName.get(name)?.s;
    return value === undefined ? otherwise : new TextDecoder().decode(value);
  }

  integers(name: string): readonly number[] | undefined {
    return this.#byName.get(name)?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#byName.get(name)?.floats;
  }
}
