/** How much a network's outputs change when one of its kernels does. */
import type { Batch } from '../data/dataset.ts';
import type { CompiledProgram, Engine } from '../engine/engine.ts';
import { compileInference } from '../lowering/inference.ts';
import { lowerNetwork, shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import type { Operation } from '../network/operations.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import { createProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { fakeQuantize, quantizedRange } from '../quantize/fake-quantize.ts';
import type { TensorQuantization } from '../quantize/quantization.ts';

/** How outputs are compared. */
export type DivergenceKind =
  /** `KL(p || q) = sum p (log p - log q)` in nats, p of the whole network, the mean over examples (and positions). */
  | 'KL divergence'
  /** Of several or other outputs: the squared error over the variance of the whole network's, the mean over outputs. */
  | 'normalized squared error';

/** One of the network's outputs, as the whole network gives it. */
interface ReferenceOutput {
  readonly values: Float32Array;
  /** Length of a distribution. */
  readonly width: number;
  /** Whether values are logits, which a softmax makes a distribution. */
  readonly logits: boolean;
}

/** The operations that a kernel's layer and all after it consist of, with the values that they read. */
export interface NetworkSuffix {
  readonly operations: readonly Operation[];
  /** Computed by the operations before, or inputs of the network. */
  readonly inputs: readonly ValueId[];
  /** Those of the network that depend on the kernel, by their place. */
  readonly outputs: readonly number[];
}

/** What depends on a kernel. */
export function suffixOf(network: Network, kernel: ParameterId): NetworkSuffix {
  const changed = new Set<ValueId>();
  const operations = network.operations.filter((operation) => {
    const depends = parametersOf(operation).includes(kernel) || operation.inputs.some((input) => changed.has(input));
    if (depends) changed.add(operation.output);
    return depends;
  });
  const inputs = new Set(operations.flatMap((operation) => operation.inputs.filter((input) => !changed.has(input))));
  return { operations, inputs: [...inputs], outputs: network.outputs.flatMap((id, index) => (changed.has(id) ? [index] : [])) };
}

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

  private constructor(setting: DivergenceSetting, references: readonly ReferenceOutput[]) {
    this.#setting = setting;
    this.#references = references;
  }

  static async open(setting: DivergenceSetting): Promise<OutputDivergence> {
    const { network, examples, kind } = setting;
    const outputs = await valuesOf(setting, network.outputs);
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

  async #compare(network: Network, kernel: ParameterId, rounded: readonly ValueId[]): Promise<KernelDivergence> {
    const { engine, examples, kind } = this.#setting;
    const suffix = suffixOf(network, kernel);
    const inputs = await valuesOf({ ...this.#setting, network }, suffix.inputs);
    const compiled = await engine.compile(suffixProgram(network, suffix, kernel, examples.size, rounded));
    return new KernelDivergence(
      compiled,
      suffix.inputs.map((_, index) => inputs[index] ?? new Float32Array(0)),
      suffix.outputs.map((place) => this.#references[place] ?? { values: new Float32Array(0), width: 1, logits: false }),
      this.#references.length,
      kind,
    );
  }
}

export class KernelDivergence {
  readonly #compiled: CompiledProgram;
  readonly #inputs: readonly Float32Array[];
  readonly #references: readonly ReferenceOutput[];
  readonly #outputs: number;
  readonly #kind: DivergenceKind;

  constructor(
    compiled: CompiledProgram,
    inputs: readonly Float32Array[],
    references: readonly ReferenceOutput[],
    outputs: number,
    kind: DivergenceKind,
  ) {
    this.#compiled = compiled;
    this.#inputs = inputs;
    this.#references = references;
    this.#outputs = outputs;
    this.#kind = kind;
  }

  /**
   * The mean over the network's outputs: those that do not depend on the kernel do not change.
   *
   * @param rounding of each value that is rounded, in their order
   */
  async of(weights: Float32Array, rounding: readonly TensorQuantization[] = []): Promise<number> {
    const feeds = Object.fromEntries(this.#inputs.map((values, index) => [`value/${index}`, values]));
    const ranges = rounding.flatMap((quantization, index) =>
      Object.entries(quantizedRange(quantization)).map(([end, value]) => [`${end}/${index}`, Float32Array.of(value)] as const),
    );
    const results = await this.#compiled.run({ ...feeds, ...Object.fromEntries(ranges), kernel: weights });
    const sum = this.#references.reduce((total, reference, index) => {
      const found = results[`output/${index}`] ?? [];
      return total + (this.#kind === 'KL divergence' ? klDivergence(reference, found) : normalizedError(reference.values, found));
    }, 0);
    return sum / this.#outputs;
  }

  dispose(): Promise<void> {
    return this.#compiled.dispose();
  }
}

async function valuesOf({ engine, network, examples }: DivergenceSetting, ids: readonly ValueId[]): Promise<readonly Float32Array[]> {
  const inference = await compileInference(engine, network, examples.size, { outputs: ids });
  try {
    return await inference.run(examples.inputs, examples.size);
  } finally {
    await inference.dispose();
  }
}

function suffixProgram(
  network: Network,
  { operations, inputs, outputs }: NetworkSuffix,
  kernel: ParameterId,
  batchSize: number,
  rounded: readonly ValueId[],
): Parameters<Engine['compile']>[0] {
  const builder = createProgramBuilder();
  const ranges = new Map(
    rounded.map((id, index) => {
      const end = (name: string): Tensor => builder.input(`${name}/${index}`, []);
      return [id, { minimum: end('minimum'), maximum: end('maximum'), scale: end('scale') }];
    }),
  );
  const parameters = new Map<ParameterId, Tensor>();
  const lowered = lowerNetwork(
    builder,
    { ...network, inputs, operations, outputs: outputs.map((place) => network.outputs[place] ?? '') },
    {
      batchSize,
      mode: 'inference',
      inputs: inputs.map((id, index) => builder.input(`value/${index}`, [batchSize, ...shapeOf(network, id)])),
      parameter: (id) => {
        const known = parameters.get(id);
        if (known !== undefined) return known;
        const { shape, data } = network.parameters.get(id) ?? { shape: [0], data: new Float32Array(0) };
        const tensor = id === kernel ? builder.input('kernel', shape) : builder.constant(data, shape);
        parameters.set(id, tensor);
        return tensor;
      },
      transform: (id, value) => {
        const range = ranges.get(id);
        return range === undefined ? value : value.like(fakeQuantize(builder, value.tensor, range));
      },
    },
  );
  const tensors = outputs.flatMap((place, index) => {
    const value = lowered.values.get(network.outputs[place] ?? '');
    return value === undefined ? [] : [[`output/${index}`, value.batchMajor] as const];
  });
  return builder.build(Object.fromEntries(tensors));
}

/** Whether rows of this width are not negative and sum up to 1. */
function isDistribution(values: Float32Array, width: number): boolean {
  for (let row = 0; row < values.length; row += width) {
    let sum = 0;
    for (let i = row; i < row + width; i++) {
      if ((values[i] ?? 0) < 0) return false;
      sum += values[i] ?? 0;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

/** Below it a probability counts as this, so that the logarithm is finite. */
const leastProbability = 1e-12;

/** The mean over the rows of two sets of distributions; never negative. */
export function klDivergence({ values, width, logits }: ReferenceOutput, found: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += width) {
    const before = distribution(values, row, width, logits);
    const after = distribution(found, row, width, logits);
    for (let i = 0; i < width; i++) {
      const p = before[i] ?? 0;
      if (p > 0) sum += p * (Math.log(Math.max(p, leastProbability)) - Math.log(Math.max(after[i] ?? 0, leastProbability)));
    }
  }
  return Math.max(0, (sum * width) / values.length);
}

function distribution(values: ArrayLike<number>, row: number, width: number, logits: boolean): Float64Array {
  const part = Float64Array.from({ length: width }, (_, i) => values[row + i] ?? 0);
  if (!logits) return part;
  const largest = part.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = part.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** `sum (found - value)^2 / sum (value - mean)^2`; 0 where nothing changes. */
export function normalizedError(values: Float32Array, found: ArrayLike<number>): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  let [error, variance] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    error += ((found[i] ?? 0) - (values[i] ?? 0)) ** 2;
    variance += ((values[i] ?? 0) - mean) ** 2;
  }
  return error === 0 ? 0 : error / Math.max(variance, Number.MIN_VALUE);
}
