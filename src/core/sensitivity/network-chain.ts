import type { Batch } from '../data/dataset.ts';
import type { CompiledProgram, Engine, TensorData, Tensors } from '../engine/engine.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import { dependentPart, type NetworkPart, piecesOf, wantedAfter } from './network-parts.ts';
import { partProgram } from './part-program.ts';

/** Values of the network by their names. */
export type Values = ReadonlyMap<ValueId, TensorData>;

/** From the layer of a kernel to the end of the piece that it is in, with the kernel as an input. */
export interface ChangedPart {
  readonly part: NetworkPart;
  readonly compiled: CompiledProgram;
  /** Values of the whole network that go in, by the names of the program's inputs. */
  readonly feeds: Tensors;
  /** The piece that comes next. */
  readonly next: number;
}

/**
 * A network as a chain of pieces, each compiled once, with the values between them on the same examples. A changed kernel
 * then costs the compilation of the rest of its own piece; the pieces after it are shared by all layers before them.
 */
export class NetworkChain {
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #batchSize: number;
  readonly #pieces: readonly NetworkPart[];
  readonly #compiled = new Map<number, CompiledProgram>();
  /** Inputs of the network and what pieces give to others. */
  readonly #between = new Map<ValueId, TensorData>();
  /** What layers within the last pieces read that were asked for. */
  #within: { readonly first: number; readonly last: number; readonly values: Values } | undefined;

  private constructor(engine: Engine, network: Network, examples: Batch) {
    this.#engine = engine;
    this.#network = network;
    this.#batchSize = examples.size;
    this.#pieces = piecesOf(network);
    network.inputs.forEach((id, index) => this.#between.set(id, examples.inputs[index] ?? new Float32Array(0)));
  }

  static async open(engine: Engine, network: Network, examples: Batch): Promise<NetworkChain> {
    const chain = new NetworkChain(engine, network, examples);
    try {
      for (const [index, { outputs }] of chain.#pieces.slice(0, -1).entries()) {
        const found = await chain.#run(index, chain.#between);
        // The arrays are the program's own, which its next run but one overwrites.
        for (const id of outputs) chain.#between.set(id, found.get(id)?.slice() ?? new Float32Array(0));
      }
      return chain;
    } catch (error) {
      await chain.dispose();
      throw error;
    }
  }

  /** @param rounded see `PartOptions` */
  async change(kernel: ParameterId, rounded: readonly ValueId[]): Promise<ChangedPart> {
    const users = this.#pieces.flatMap(({ operations }, index) =>
      operations.some((operation) => parametersOf(operation).includes(kernel)) ? [index] : [],
    );
    const [first, last] = [users[0] ?? 0, users.at(-1) ?? 0];
    const part = this.#dependent(kernel, first, last);
    const values = await this.#read(first, last);
    const program = partProgram(this.#network, part, { batchSize: this.#batchSize, kernel, rounded });
    return {
      part,
      compiled: await this.#engine.compile(program),
      feeds: Object.fromEntries(part.inputs.map((id, index) => [`value/${index}`, valueOf(id, values, this.#between)])),
      next: last + 1,
    };
  }

  /**
   * Runs the pieces from one on that read what has changed.
   *
   * @returns all that has changed; the arrays hold until the next run
   */
  async rest(from: number, start: Values): Promise<Values> {
    const changed = new Map(start);
    for (let index = from; index < this.#pieces.length; index++) {
      if (this.#pieces[index]?.inputs.some((id) => changed.has(id)) !== true) continue;
      for (const [id, value] of await this.#run(index, changed)) changed.set(id, value);
    }
    return changed;
  }

  async dispose(): Promise<void> {
    for (const program of this.#compiled.values()) await program.dispose();
    this.#compiled.clear();
  }

  #dependent(kernel: ParameterId, first: number, last: number): NetworkPart {
    const operations = this.#pieces.slice(first, last + 1).flatMap((piece) => piece.operations);
    const wanted = wantedAfter(
      this.#network,
      this.#pieces.slice(last + 1).flatMap((piece) => piece.operations),
    );
    return dependentPart(operations, kernel, wanted);
  }

  /** Values within pieces, for all kernels in them: what one layer reads must not depend on which are asked for. */
  async #read(first: number, last: number): Promise<Values> {
    if (this.#within?.first === first && this.#within.last === last) return this.#within.values;
    const operations = this.#pieces.slice(first, last + 1).flatMap((piece) => piece.operations);
    const kernels = new Set(operations.filter(hasKernel).map(({ kernel }) => kernel));
    const read = [...kernels].flatMap((kernel) => this.#dependent(kernel, first, last).inputs);
    const outputs = [...new Set(read)].filter((id) => !this.#between.has(id));
    const inputs = [...this.#between.keys()].filter((id) => operations.some((operation) => operation.inputs.includes(id)));
    const values = outputs.length === 0 ? new Map<ValueId, TensorData>() : await this.#runOnce({ operations, inputs, outputs });
    this.#within = { first, last, values };
    return values;
  }

  async #runOnce(part: NetworkPart): Promise<Values> {
    const compiled = await this.#engine.compile(partProgram(this.#network, part, { batchSize: this.#batchSize }));
    try {
      const results = await run(compiled, part, this.#between, this.#between);
      return new Map([...results].map(([id, value]) => [id, value.slice()]));
    } finally {
      await compiled.dispose();
    }
  }

  /** @param changed instead of what the whole network has */
  async #run(index: number, changed: Values): Promise<Values> {
    const part = this.#pieces[index];
    if (part === undefined) return new Map();
    const compiled =
      this.#compiled.get(index) ?? (await this.#engine.compile(partProgram(this.#network, part, { batchSize: this.#batchSize })));
    this.#compiled.set(index, compiled);
    return run(compiled, part, changed, this.#between);
  }
}

async function run(compiled: CompiledProgram, part: NetworkPart, changed: Values, whole: Values): Promise<Values> {
  const feeds = Object.fromEntries(part.inputs.map((id, index) => [`value/${index}`, valueOf(id, changed, whole)]));
  return outputsOf(part, await compiled.run(feeds));
}

/** The results of a part's program by the names of values. */
export function outputsOf({ outputs }: NetworkPart, results: Tensors): Values {
  return new Map(
    outputs.flatMap((id, index) => {
      const value = results[`output/${index}`];
      return value === undefined ? [] : [[id, value] as const];
    }),
  );
}

function valueOf(id: ValueId, ...places: readonly Values[]): TensorData {
  return places.find((values) => values.has(id))?.get(id) ?? new Float32Array(0);
}
