import type { Tensor } from '../../program/program.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxNode, OnnxValue } from './onnx-model.ts';

/** Collects the nodes of an ONNX graph; tensors of the program keep their ids in their names. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly #integers = new Map<string, string>();
  #temporaries = 0;

  /** The operators of com.microsoft are there; without them a form in standard operators is written. */
  readonly contributed: boolean;

  constructor(options: { readonly contributed: boolean }) {
    this.contributed = options.contributed;
  }

  nameOf(tensor: Tensor): string {
    return `t${tensor.id}`;
  }

  temporary(): string {
    return `x${this.#temporaries++}`;
  }

  /** A node with one output, whose name it returns: the one given, or a new one. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output: string = this.temporary(),
    domain: OnnxNode['domain'] = '',
  ): string {
    this.nodes.push({ op, domain, inputs, outputs: [output], attributes });
    return output;
  }

  /** A constant int64 vector: shapes, axes, indices of operators. */
  integers(values: readonly number[]): string {
    const key = values.join();
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const name = `i${this.#integers.size}`;
    this.#integers.set(key, name);
    this.initializers.push({ name, type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  /** A constant float32 tensor. */
  constant(data: Float32Array, shape: readonly number[]): string {
    const name = this.temporary();
    this.initializers.push({ name, type: 'float32', shape, data });
    return name;
  }

  /** A constant float32 scalar. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }
}
