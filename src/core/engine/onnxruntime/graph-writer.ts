import type { Tensor } from '../../program/program.ts';
import type { ProviderGap } from './provider-gaps.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxNode, OnnxValue, OperatorDomain } from './onnx-model.ts';

/** A tensor of a body, with its name in the graph around it and the shape that it has in the body. */
export interface ScanTensor {
  readonly tensor: Tensor;
  readonly name: string;
  readonly slice: readonly number[];
}

/** Collects the nodes of an ONNX graph; tensors of the program keep their ids in their names. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly #integers = new Map<string, string>();
  readonly #constants = new Set<string>();
  /** In front of names that are made here: a body's must differ from those around it. */
  readonly #prefix: string;
  readonly #around: GraphWriter | undefined;
  readonly #own = new Set<number>();
  #temporaries = 0;

  /** The operators of com.microsoft are there; without them a form in standard operators is written. */
  readonly contributed: boolean;
  /** Channels in a block of the runtime's blocked convolutions; undefined where it has none. */
  readonly channelBlock: number | undefined;
  /** What is written in other operators. */
  readonly gaps: ReadonlySet<ProviderGap>;

  constructor(options: {
    readonly contributed: boolean;
    readonly channelBlock?: number | undefined;
    readonly gaps?: ReadonlySet<ProviderGap> | undefined;
    readonly around?: GraphWriter;
  }) {
    this.channelBlock = options.channelBlock;
    this.gaps = options.gaps ?? new Set();
    this.contributed = options.contributed && !this.gaps.has('contributed');
    this.#around = options.around;
    this.#prefix = options.around === undefined ? '' : `${options.around.temporary()}_`;
  }

  nameOf(tensor: Tensor): string {
    return this.#around === undefined || this.#own.has(tensor.id) ? `${this.#prefix}t${tensor.id}` : this.#around.nameOf(tensor);
  }

  /** In a body: the tensor is one of its own, rather than one of the graph around it. */
  declare(tensor: Tensor): void {
    this.#own.add(tensor.id);
  }

  temporary(): string {
    return `${this.#prefix}x${this.#temporaries++}`;
  }

  /** Computed from constants alone, so that the runtime computes it once, before the first run. */
  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  initializer(initializer: OnnxInitializer): void {
    this.initializers.push(initializer);
    this.#constants.add(initializer.name);
  }

  /** A node with one output, whose name it returns: the one given, or a new one. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output: string = this.temporary(),
    domain: OperatorDomain = '',
  ): string {
    this.nodes.push({ op, domain, inputs, outputs: [output], attributes });
    if (inputs.every((input) => this.#constants.has(input))) this.#constants.add(output);
    return output;
  }

  /**
   * `Scan`: a body that runs for each slice along axis 0 of its inputs, which it reads in place. What its nodes give to
   * each other is as small as a slice, and stays in the processor's cache.
   *
   * @param inputs a name out here for each tensor that the body is given slices of, and their shape
   * @param outputs a name out here for each of the body's tensors whose slices are put together along axis 0
   * @param write the nodes of the body; names of other tensors mean those out here
   */
  scan(inputs: readonly ScanTensor[], outputs: readonly ScanTensor[], write: (body: GraphWriter) => void): void {
    const body = new GraphWriter({ contributed: this.contributed, gaps: this.gaps, around: this });
    const valueOf = ({ tensor, slice }: ScanTensor): OnnxValue => ({ name: body.nameOf(tensor), type: tensor.type, shape: slice });
    for (const { tensor } of [...inputs, ...outputs]) body.declare(tensor);
    body.inputs.push(...inputs.map(valueOf));
    write(body);
    // What a body gives out is copied where it is a view: the value behind it is given out instead.
    for (const output of outputs.map(valueOf)) {
      const producer = body.nodes.find((node) => node.outputs[0] === output.name);
      const source = producer?.op === 'Reshape' ? producer.inputs[0] : undefined;
      const computed = source !== undefined && body.nodes.some((node) => node.outputs[0] === source);
      body.outputs.push(computed ? { name: source, type: output.type, shape: undefined } : output);
    }
    this.nodes.push({
      op: 'Scan',
      domain: '',
      inputs: inputs.map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
      attributes: { num_scan_inputs: { integer: inputs.length }, body: { graph: body } },
    });
  }

  /** A constant int64 vector: shapes, axes, indices of operators. */
  integers(values: readonly number[]): string {
    const key = values.join();
    const known = this.#integers.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}i${this.#integers.size}`;
    this.#integers.set(key, name);
    this.initializer({ name, type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  /** A constant float32 tensor. */
  constant(data: Float32Array, shape: readonly number[]): string {
    const name = this.temporary();
    this.initializer({ name, type: 'float32', shape, data });
    return name;
  }

  /** A constant float32 scalar. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }
}
