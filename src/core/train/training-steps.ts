import type { Batch } from '../data/dataset.ts';
import type { CompiledProgram, Engine, TensorData } from '../engine/engine.ts';
import { randomOf } from './batch-order.ts';
import type { DropoutMask } from './lowering/lowering-context.ts';
import type { StepSizes } from './optimizers.ts';
import { buildTrainingProgram, type TrainingProgram, type TrainingSetup } from './training-program.ts';

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Examples classified rightly; undefined for regression. */
  readonly correct: number | undefined;
}

interface Compiled {
  readonly training: TrainingProgram;
  readonly compiled: CompiledProgram;
}

/**
 * The state of a training and the programs that move it on. Each batch size (the full one and that of an epoch's last
 * batch) has a program of its own, so that a partial batch is exact, batch-norm statistics included.
 */
export class TrainingSteps {
  /** Weights, moments, statistics and what constraints learn, by the names of the program. Replaced at each step. */
  state: Map<string, Float32Array>;
  /** Masks, by the names of the program. */
  readonly fed: Map<string, Float32Array>;
  /** `[minimum, maximum]` of each activation quantizer. */
  ranges: Float32Array;
  readonly #engine: Engine;
  readonly #setup: TrainingSetup;
  readonly #seed: number;
  readonly #programs = new Map<number, Compiled>();

  private constructor(engine: Engine, setup: TrainingSetup, seed: number, first: TrainingProgram) {
    this.#engine = engine;
    this.#setup = setup;
    this.#seed = seed;
    this.state = first.initialState();
    this.fed = new Map(first.fed.map(({ name, initial }) => [name, initial.slice()]));
    this.ranges = setup.quantizers?.initialRanges() ?? new Float32Array(0);
  }

  static async prepare(engine: Engine, setup: TrainingSetup, batchSize: number, seed: number): Promise<TrainingSteps> {
    const training = buildTrainingProgram(setup, batchSize);
    const steps = new TrainingSteps(engine, setup, seed, training);
    steps.#programs.set(batchSize, { training, compiled: await engine.compile(training.program) });
    return steps;
  }

  /** @param step counts from 1 */
  async run(batch: Batch, step: number, sizes: StepSizes): Promise<StepResult> {
    const { training, compiled } = await this.#program(batch.size);
    const feeds: Record<string, TensorData> = {
      ...Object.fromEntries(this.state),
      ...Object.fromEntries(this.fed),
      ...Object.fromEntries(this.#setup.network.inputs.map((id) => [`input/${id}`, batch.inputs])),
      ...Object.fromEntries(training.dropouts.map((dropout, i) => [dropout.name, dropoutMask(dropout, this.#seed + i + 1, step)])),
      labels: batch.labels,
      targets: batch.targets,
      update: Float32Array.of(sizes.update),
      decay: Float32Array.of(sizes.decay),
      quantizers: this.#setup.quantizers?.feeds(this.ranges) ?? new Float32Array(0),
    };
    const results = await compiled.run(feeds);
    this.state = new Map([...this.state.keys()].map((name) => [name, floats(results, name)]));
    const observed = results['observed'];
    if (observed instanceof Float32Array) this.ranges = this.#setup.quantizers?.move(this.ranges, observed, step) ?? this.ranges;
    return { loss: floats(results, 'loss')[0] ?? Number.NaN, correct: results['correct']?.[0] };
  }

  /** Copies, for results and checkpoints: the state itself lives in buffers that later steps overwrite. */
  copyState(): Map<string, Float32Array> {
    return new Map([...this.state].map(([name, data]) => [name, data.slice()]));
  }

  async dispose(): Promise<void> {
    for (const { compiled } of this.#programs.values()) await compiled.dispose();
    this.#programs.clear();
  }

  async #program(batchSize: number): Promise<Compiled> {
    const known = this.#programs.get(batchSize);
    if (known !== undefined) return known;
    const training = buildTrainingProgram(this.#setup, batchSize);
    const compiled = { training, compiled: await this.#engine.compile(training.program) };
    this.#programs.set(batchSize, compiled);
    return compiled;
  }
}

function dropoutMask({ tensor, rate }: DropoutMask, seed: number, step: number): Float32Array {
  const random = randomOf(seed, step);
  const kept = 1 / (1 - rate);
  return Float32Array.from({ length: tensor.shape.reduce((product, length) => product * length, 1) }, () => (random.next() < rate ? 0 : kept));
}

function floats(results: Readonly<Record<string, TensorData>>, name: string): Float32Array {
  const data = results[name];
  if (!(data instanceof Float32Array)) throw new Error(`the training program has no output "${name}"`);
  return data;
}
