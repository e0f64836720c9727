/** How much a network's outputs change when one of its kernels does. */
import type { Batch } from '../data/dataset.ts';
import type { Engine, TensorData } from '../engine/engine.ts';
import { compileInference } from '../lowering/inference.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { quantizedRange } from '../quantize/fake-quantize.ts';
import type { TensorQuantization } from '../quantize/quantization.ts';
import { type DivergenceKind, isDistribution, klDivergence, normalizedError, type ReferenceOutput } from './compare-outputs.ts';
import { type ChangedPart, NetworkChain, outputsOf } from './network-chain.ts';

export interface DivergenceSetting {
  readonly engine: Engine;
  readonly network: Network;
  readonly kind: DivergenceKind;
  /** The examples that are compared, all at once. */
  readonly examples: Batch;
}

/** Compares the outputs of one network with those that it gives with another kernel, on the same examples. */
export class OutputDivergence {
  readonly #setting: DivergenceSetting;
  readonly #references: readonly ReferenceOutput[];
  readonly #chains = new Map<Network, NetworkChain>();

  private constructor(setting: DivergenceSetting, references: readonly ReferenceOutput[]) {
    this.#setting = setting;
    this.#references = references;
  }

  static async open(setting: DivergenceSetting): Promise<OutputDivergence> {
    const { network, examples, kind } = setting;
    const outputs = await wholeOutputs(setting);
    const references = network.outputs.map((id, index) => {
      const values = outputs[index] ?? new Float32Array(0);
      const shape = shapeOf(network, id);
      return {
        values,
        width: kind === 'KL divergence' ? (shape.at(-1) ?? 1) : values.length / examples.size,
        logits: !isDistribution(values, shape.at(-1) ?? 1),
      };
    });
    return new OutputDivergence(setting, references);
  }

  /** A function that runs the network from a kernel's layer on with other weights of it. Dispose of it before the next. */
  from(kernel: ParameterId): Promise<KernelDivergence> {
    return this.#compare(this.#setting.network, kernel, []);
  }

  /**
   * The same with activations that are rounded: `KernelDivergence.of` wants their quantization then.
   *
   * @param network computes the same, with other kernels: the one that is deployed
   * @param rounded values that the kernel's layer reads and writes
   */
  rounding(network: Network, kernel: ParameterId, rounded: readonly ValueId[]): Promise<KernelDivergence> {
    return this.#compare(network, kernel, rounded);
  }

  async dispose(): Promise<void> {
    for (const chain of this.#chains.values()) await chain.dispose();
    this.#chains.clear();
  }

  async #compare(network: Network, kernel: ParameterId, rounded: readonly ValueId[]): Promise<KernelDivergence> {
    const { engine, examples, kind } = this.#setting;
    const chain = this.#chains.get(network) ?? (await NetworkChain.open(engine, network, examples));
    this.#chains.set(network, chain);
    const references = network.outputs.flatMap((id, place) => {
      const reference = this.#references[place];
      return reference === undefined ? [] : [{ id, reference }];
    });
    return new KernelDivergence(chain, await chain.change(kernel, rounded), references, kind);
  }
}

export class KernelDivergence {
  readonly #chain: NetworkChain;
  readonly #changed: ChangedPart;
  readonly #references: readonly { readonly id: ValueId; readonly reference: ReferenceOutput }[];
  readonly #kind: DivergenceKind;

  constructor(
    chain: NetworkChain,
    changed: ChangedPart,
    references: readonly { readonly id: ValueId; readonly reference: ReferenceOutput }[],
    kind: DivergenceKind,
  ) {
    this.#chain = chain;
    this.#changed = changed;
    this.#references = references;
    this.#kind = kind;
  }

  /**
   * The mean over the network's outputs: those that do not depend on the kernel do not change.
   *
   * @param rounding of each value that is rounded, in their order
   */
  async of(weights: Float32Array, rounding: readonly TensorQuantization[] = []): Promise<number> {
    const { part, compiled, feeds, next } = this.#changed;
    const ranges = rounding.flatMap((quantization, index) =>
      Object.entries(quantizedRange(quantization)).map(([end, value]) => [`${end}/${index}`, Float32Array.of(value)] as const),
    );
    const results = await compiled.run({ ...feeds, ...Object.fromEntries(ranges), kernel: weights });
    const values = await this.#chain.rest(next, outputsOf(part, results));
    const sum = this.#references.reduce((total, { id, reference }) => {
      const found = values.get(id);
      return found === undefined ? total : total + this.#between(reference, found);
    }, 0);
    return sum / this.#references.length;
  }

  dispose(): Promise<void> {
    return this.#changed.compiled.dispose();
  }

  #between(reference: ReferenceOutput, found: TensorData): number {
    return this.#kind === 'KL divergence' ? klDivergence(reference, found) : normalizedError(reference.values, found);
  }
}

async function wholeOutputs({ engine, network, examples }: DivergenceSetting): Promise<readonly Float32Array[]> {
  const inference = await compileInference(engine, network, examples.size);
  try {
    return await inference.run(examples.inputs, examples.size);
  } finally {
    await inference.dispose();
  }
}
