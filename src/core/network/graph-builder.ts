import { EspalierError } from '../errors.ts';
import type { Network, Parameter, ParameterId, Shape, Value, ValueId } from './network.ts';
import type { Operation } from './operations.ts';
import { inferOutputShape } from './shapes/infer-output-shape.ts';
import { elementCount, formatShape, sameShape } from './shapes/shape.ts';

/** Everything of an operation but what the builder fills in: its unique name, its layer and its output. */
export type OperationDescription = Operation extends infer O ? (O extends Operation ? Omit<O, 'name' | 'layer' | 'output'> : never) : never;

/** Larger tensors do not occur in networks for devices, but damaged files may ask for them. */
const largestTensor = 2 ** 31 - 1;

/** Ten times what the largest published networks have; a model that calls itself again and again has more. */
export const mostOperations = 20_000;

/** Values, parameters and operations of a network that grows in topological order, with unique names, and shapes inferred and checked at once. */
export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: ValueId[] = [];
  readonly #values = new Map<ValueId, Value>();
  readonly #operations: Operation[] = [];
  readonly #parameters = new Map<ParameterId, Parameter>();
  readonly #names = new Set<string>();
  /** Of names that were wanted again: the number to try next. */
  readonly #numbers = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Shapes leave the batch out. */
  input(shape: Shape, name = 'input'): ValueId {
    const id = this.#uniqueName(name);
    this.#checkShape(shape, `input "${id}"`);
    this.#values.set(id, { shape });
    this.#inputs.push(id);
    return id;
  }

  shapeOf(id: ValueId): Shape {
    const value = this.#values.get(id);
    if (value === undefined) throw new EspalierError('invalid-model', `value "${id}" is not part of the network`);
    return value.shape;
  }

  /** Adds a parameter, or finds it again when a layer is reused: the same array, or one of the same numbers. */
  parameter(id: ParameterId, parameter: Parameter): ParameterId {
    const known = this.#parameters.get(id);
    if (known !== undefined && !sameNumbers(known, parameter))
      throw new EspalierError('invalid-model', `two different parameters are named "${id}"`);
    if (parameter.data.length !== elementCount(parameter.shape)) {
      throw new EspalierError(
        'invalid-model',
        `parameter "${id}" has ${parameter.data.length} elements, its shape ${formatShape(parameter.shape)} needs ${elementCount(parameter.shape)}`,
      );
    }
    this.#parameters.set(id, parameter);
    return id;
  }

  /** Adds any operation; `declared` is the target of a reshape. */
  add(layer: string, description: OperationDescription, declared?: Shape): ValueId {
    if (this.#operations.length >= mostOperations)
      throw new EspalierError('unsupported-model', `has more than ${mostOperations} operations`, {
        where: `layer "${layer}"`,
        fix: 'give a smaller network: one of so many operations does not run on a device',
      });
    const name = this.#uniqueName(layer);
    const operation: Operation = { ...description, name, layer, output: name };
    const shape = inferOutputShape(operation, {
      inputs: operation.inputs.map((id) => this.shapeOf(id)),
      declared,
      parameter: (id) => {
        const parameter = this.#parameters.get(id);
        if (parameter === undefined)
          throw new EspalierError('invalid-model', `parameter "${id}" is missing`, { where: `layer "${layer}"` });
        return parameter.shape;
      },
    });
    this.#checkShape(shape, `layer "${layer}"`);
    this.#values.set(name, { shape });
    this.#operations.push(operation);
    return name;
  }

  build(outputs: readonly ValueId[]): Network {
    for (const output of outputs) this.shapeOf(output);
    return {
      name: this.#name,
      inputs: this.#inputs,
      outputs,
      values: this.#values,
      operations: this.#operations,
      parameters: this.#parameters,
    };
  }

  #uniqueName(wanted: string): string {
    let name = wanted;
    let number = this.#numbers.get(wanted) ?? 1;
    for (; this.#names.has(name); number++) name = `${wanted}_${number}`;
    this.#numbers.set(wanted, number);
    this.#names.add(name);
    return name;
  }

  #checkShape(shape: Shape, where: string): void {
    if (!shape.every((length) => Number.isSafeInteger(length) && length > 0) || elementCount(shape) > largestTensor) {
      throw new EspalierError(
        'invalid-model',
        `shape ${formatShape(shape)} is not one of positive lengths and at most ${largestTensor} elements`,
        { where },
      );
    }
  }
}

function sameNumbers(a: Parameter, b: Parameter): boolean {
  return a.data === b.data || (sameShape(a.shape, b.shape) && a.data.every((value, i) => value === b.data[i]));
}
