import type { Network, Shape, ValueId } from '../../network/network.ts';
import type { Operation } from '../../network/operations.ts';
import { EspalierError } from '../../errors.ts';
import type { Encoding } from './encoding.ts';
import type { GraphBuilder, TensorEncoding } from './graph-builder.ts';

/** What the writers of operations share. */
export class WriteContext {
  readonly network: Network;
  readonly graph: GraphBuilder;
  readonly encoding: Encoding;
  readonly batch: number;
  readonly #tensors = new Map<ValueId, number>();

  constructor(network: Network, graph: GraphBuilder, encoding: Encoding, batch: number) {
    this.network = network;
    this.graph = graph;
    this.encoding = encoding;
    this.batch = batch;
  }

  shapeOf(id: ValueId): Shape {
    const value = this.network.values.get(id);
    if (value === undefined) throw new EspalierError('invalid-model', `value "${id}" has no shape`);
    return value.shape;
  }

  bind(id: ValueId, tensor: number): void {
    this.#tensors.set(id, tensor);
  }

  /** The tensor of a value that is already written. */
  tensorOf(id: ValueId | undefined): number {
    const tensor = this.#tensors.get(id ?? '');
    if (tensor === undefined) throw new EspalierError('invalid-model', `value "${id ?? ''}" is used before it is computed`);
    return tensor;
  }

  input(operation: Operation, index = 0): number {
    return this.tensorOf(operation.inputs[index]);
  }

  /** The tensor of the operation's output, named after the operation. */
  output(operation: Operation): number {
    const tensor = this.graph.tensor({
      name: operation.name,
      shape: [this.batch, ...this.shapeOf(operation.output)],
      ...this.encoding.value(operation.output),
    });
    this.bind(operation.output, tensor);
    return tensor;
  }

  /** A tensor inside the lowering of an operation. */
  inner(operation: Operation, name: string, shape: Shape, encoding: TensorEncoding): number {
    return this.graph.tensor({ name: `${operation.name}/${name}`, shape: [this.batch, ...shape], ...encoding });
  }

  reshape(operation: Operation, input: number, output: number): void {
    const { shape } = this.graph.tensorAt(output);
    this.graph.operator('RESHAPE', [input, this.graph.integers(`${operation.name}/shape`, shape)], output, { newShape: shape });
  }
}
