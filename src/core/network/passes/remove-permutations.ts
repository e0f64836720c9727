/**
 * Cancels permutations against each other: a channels-first model comes in with a pair around every convolution. A
 * permutation moves down through element-wise operations until it meets its inverse, an operation that needs the
 * axes as they are, or an output.
 */
import { factsOf, shapesAround } from '../kinds/operation-table.ts';
import type { Network, Value, ValueId } from '../network.ts';
import type { Operation } from '../operations.ts';
import { dropUnused, usesOf } from './rewrite.ts';

/** A value as the permutation of one that is stored: axis `i` is axis `order[i]` of the source. */
interface View {
  readonly source: ValueId;
  readonly order: readonly number[];
}

/**
 * `warn` is called for inputs that change from `[c, h, w]` to `[h, w, c]`.
 *
 * @param options.convertInputs whether inputs may change; true by default
 */
export function removePermutations(
  network: Network,
  warn: (message: string) => void,
  { convertInputs = true }: { readonly convertInputs?: boolean } = {},
): Network {
  if (!network.operations.some((operation) => operation.kind === 'permute')) return network;
  return foldIntoDense(new PermutationRemoval(network, warn).run(convertInputs));
}

class PermutationRemoval {
  readonly #network: Network;
  readonly #warn: (message: string) => void;
  readonly #views = new Map<ValueId, View>();
  readonly #stored: Map<ValueId, Value>;
  readonly #operations: Operation[] = [];
  readonly #permuted = new Map<string, ValueId>();

  constructor(network: Network, warn: (message: string) => void) {
    this.#network = network;
    this.#warn = warn;
    this.#stored = new Map(network.values);
  }

  run(convertInputs: boolean): Network {
    if (convertInputs) this.#convertInputs();
    for (const operation of this.#network.operations) this.#visit(operation);
    const outputs = this.#network.outputs.map((output) => this.#materialize(output, 'output'));
    return dropUnused({ ...this.#network, outputs, values: this.#stored, operations: this.#operations });
  }

  /** Image inputs that are only read with their channels moved to the end get that layout. */
  #convertInputs(): void {
    const uses = usesOf(this.#network);
    for (const input of this.#network.inputs) {
      const shape = this.#network.values.get(input)?.shape ?? [];
      const readers = uses.consumers(input);
      const channelsFirst =
        shape.length === 3 &&
        readers.length > 0 &&
        !this.#network.outputs.includes(input) &&
        readers.every((reader) => reader.kind === 'permute' && reader.order.join() === '1,2,0');
      if (!channelsFirst) continue;
      const [c = 0, h = 0, w = 0] = shape;
      this.#stored.set(input, { shape: [h, w, c] });
      this.#views.set(input, { source: input, order: [2, 0, 1] });
      this.#warn(
        `input "${input}" was channels-first [${shape.join(', ')}]; it is converted to [${[h, w, c].join(', ')}], channels last; .npy arrays are read in either order`,
      );
    }
  }

  #visit(operation: Operation): void {
    const [first] = operation.inputs;
    if (first === undefined) {
      this.#operations.push(operation);
      return;
    }
    if (operation.kind === 'permute') {
      const { source, order } = this.#view(first);
      this.#views.set(operation.output, { source, order: operation.order.map((axis) => order[axis] ?? axis) });
      return;
    }
    const views = operation.inputs.map((input) => this.#view(input));
    const order = views[0]?.order ?? [];
    const alike = views.every((view) => view.order.join() === order.join());
    const moved =
      alike && !isIdentity(order) ? factsOf(operation).onSource?.(operation, order, shapesAround(operation, this.#network)) : undefined;
    if (moved !== undefined) {
      this.#operations.push({ ...moved, inputs: views.map((view) => view.source) });
      const shape = this.#network.values.get(operation.output)?.shape ?? [];
      this.#stored.set(operation.output, { shape: order.map((_, axis) => shape[order.indexOf(axis)] ?? 0) });
      this.#views.set(operation.output, { source: operation.output, order });
      return;
    }
    this.#operations.push({ ...operation, inputs: operation.inputs.map((input) => this.#materialize(input, operation.layer)) });
  }

  #view(value: ValueId): View {
    return this.#views.get(value) ?? { source: value, order: (this.#stored.get(value)?.shape ?? []).map((_, axis) => axis) };
  }

  /** The value with its axes as the readers expect them; a permutation is added once a value. */
  #materialize(value: ValueId, layer: string): ValueId {
    const { source, order } = this.#view(value);
    if (isIdentity(order)) return source;
    const key = `${order.join()}:${source}`;
    const known = this.#permuted.get(key);
    if (known !== undefined) return known;
    const name = `${source}/permuted_${order.join('')}`;
    this.#operations.push({ kind: 'permute', name, layer, inputs: [source], output: name, order });
    const shape = this.#stored.get(source)?.shape ?? [];
    this.#stored.set(name, { shape: order.map((axis) => shape[axis] ?? 0) });
    this.#permuted.set(key, name);
    return name;
  }
}

function isIdentity(order: readonly number[]): boolean {
  return order.every((axis, position) => axis === position);
}

/** Flatten of a permuted value, then dense layers: their columns are reordered instead. */
function foldIntoDense(network: Network): Network {
  const uses = usesOf(network);
  const outputs = new Set(network.outputs);
  const parameters = new Map(network.parameters);
  const replaced = new Map<string, Operation>();
  const removed = new Set<string>();
  for (const permute of network.operations) {
    if (permute.kind !== 'permute') continue;
    const flatten = uses.soleConsumer(permute.output);
    const [source] = permute.inputs;
    if (flatten?.kind !== 'reshape' || source === undefined || outputs.has(flatten.output)) continue;
    if (network.values.get(flatten.output)?.shape.length !== 1) continue;
    const readers = uses.consumers(flatten.output);
    const kernels = readers.flatMap((reader) =>
      reader.kind === 'dense' && uses.parameterUsers(reader.kernel) === 1 ? [reader.kernel] : [],
    );
    if (kernels.length === 0 || kernels.length < readers.length) continue;
    const columns = flatPositions(network.values.get(permute.output)?.shape ?? [], permute.order);
    for (const id of kernels) {
      const kernel = network.parameters.get(id);
      if (kernel !== undefined) parameters.set(id, { shape: kernel.shape, data: reordered(kernel.data, columns) });
    }
    replaced.set(flatten.name, { ...flatten, inputs: [source] });
    removed.add(permute.name);
  }
  const operations = network.operations
    .filter((operation) => !removed.has(operation.name))
    .map((operation) => replaced.get(operation.name) ?? operation);
  return dropUnused({ ...network, operations, parameters });
}

/** Rows with column i moved to `columns[i]`. */
function reordered(rows: Float32Array, columns: readonly number[]): Float32Array {
  const data = new Float32Array(rows.length);
  for (let start = 0; start < data.length; start += columns.length) {
    for (const [column, target] of columns.entries()) data[start + target] = rows[start + column] ?? 0;
  }
  return data;
}

/** For each flat position of the permuted value (of the given shape), the flat position in its source. */
function flatPositions(shape: readonly number[], order: readonly number[]): readonly number[] {
  const sourceShape = order.map((_, axis) => shape[order.indexOf(axis)] ?? 1);
  const strides = sourceShape.map((_, axis) => sourceShape.slice(axis + 1).reduce((product, length) => product * length, 1));
  let positions = [0];
  for (const [axis, length] of shape.entries()) {
    const stride = strides[order[axis] ?? 0] ?? 0;
    positions = positions.flatMap((base) => Array.from({ length }, (_, i) => base + i * stride));
  }
  return positions;
}
