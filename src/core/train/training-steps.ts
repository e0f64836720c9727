import { freemem } from 'node:os';
import type { Batch } from '../data/dataset.ts';
import type { CompiledProgram, Engine, TensorData } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { predictMemory } from '../program/predict-memory.ts';
import { elements } from '../program/shapes.ts';
import { randomOf } from './batch-order.ts';
import { largestLayer } from './largest-layer.ts';
import type { DropoutMask } from '../lowering/lowering-context.ts';
import type { StepSizes } from './optimizers.ts';
import {
  buildGradientProgram,
  buildTrainingProgram,
  buildUpdateProgram,
  earlyRetention,
  type TrainingProgram,
  type TrainingSetup,
} from './training-program.ts';

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Examples classified correctly; undefined for regression. */
  readonly correct: number | undefined;
}

export interface StepOptions {
  readonly engine: Engine;
  readonly batchSize: number;
  readonly seed: number;
  /** Memory of a step in bytes; by default most of what is free. A larger batch is trained in parts. */
  readonly memoryBytes: number | undefined;
}

interface Compiled {
  readonly training: TrainingProgram;
  readonly compiled: CompiledProgram;
}

interface Kept {
  /** Examples of the steps that the program is for. */
  readonly stepSize: number;
  /** Predicted growth of the process. */
  readonly bytes: number;
  readonly program: Promise<Compiled>;
}

/** A step, or the gradients of a part of one. */
type ProgramKind = 'whole' | 'part';

interface BuiltProgram {
  readonly kind: ProgramKind;
  readonly batchSize: number;
  readonly training: TrainingProgram;
  /** Predicted growth of the process. */
  readonly bytes: number;
}

/** The rest is for the data's cache, the editor and the system. */
const usableShare = 0.8;

/**
 * The state of a training and the programs that move it on. Each batch size (the full one and that of an epoch's last
 * batch) has a program of its own, so that a partial batch is exact, batch-norm statistics included. Both are kept where
 * they fit into memory; else the one gives way to the other at the end of an epoch. A batch that does not fit into memory
 * is split, its gradients added up; batch norms then see the parts.
 */
export class TrainingSteps {
  /** Weights, moments, statistics and what constraints learn, by the names of the program. Replaced at each step. */
  state: Map<string, Float32Array>;
  /** Masks, by the names of the program. */
  readonly stepInputs: Map<string, Float32Array>;
  /** `[minimum, maximum]` of each activation quantizer. */
  ranges: Float32Array;
  /** Examples that fit into memory at once. */
  readonly partSize: number;
  readonly #options: StepOptions;
  readonly #setup: TrainingSetup;
  readonly #programs = new Map<string, Kept>();
  readonly #availableBytes: number;
  /** Built to find out what fits, until a step takes it. */
  #built: BuiltProgram | undefined;
  #update: Promise<CompiledProgram> | undefined;

  /** @throws EspalierError `out-of-memory` when not even one example fits */
  constructor(setup: TrainingSetup, options: StepOptions) {
    this.#setup = setup;
    this.#options = options;
    const first = buildProgram(setup, options.engine.threads, 'whole', options.batchSize);
    this.state = first.training.initialState();
    this.stepInputs = new Map(first.training.stepInputs.map(({ name, initial }) => [name, initial.slice()]));
    this.ranges = setup.quantizers?.initialRanges() ?? new Float32Array(0);
    // Measured before the first program takes some of it.
    this.#availableBytes = options.memoryBytes ?? usableMemory();
    this.#built = fittingProgram(setup, options.engine.threads, first, this.#availableBytes);
    this.partSize = this.#built.batchSize;
  }

  /** @param step counts from 1 */
  async run(batch: Batch, step: number, sizes: StepSizes): Promise<StepResult> {
    return batch.size <= this.partSize ? this.#runWhole(batch, step, sizes) : this.#runInParts(batch, step, sizes);
  }

  async #runWhole(batch: Batch, step: number, sizes: StepSizes): Promise<StepResult> {
    const program = await this.#program('whole', batch.size, batch.size);
    const results = await program.compiled.run({ ...this.#feeds(program, batch, step, 0), ...sizeFeeds(sizes) });
    this.state = new Map([...this.state.keys()].map((name) => [name, floats(results, name)]));
    this.#moveRanges(results['observed'], step);
    return { loss: floats(results, 'loss')[0] ?? Number.NaN, correct: results['correct']?.[0] };
  }

  async #runInParts(batch: Batch, step: number, sizes: StepSizes): Promise<StepResult> {
    let sums: Record<string, TensorData> = {};
    let loss = 0;
    let correct: number | undefined;
    let observed: Float32Array | undefined;
    for (let start = 0; start < batch.size; start += this.partSize) {
      const part = partOf(batch, start, Math.min(this.partSize, batch.size - start));
      const program = await this.#program('part', part.size, batch.size);
      if (start === 0)
        sums = Object.fromEntries(
          program.training.learned.map((name) => [`gradients/${name}`, new Float32Array(this.state.get(name)?.length ?? 0)]),
        );
      const share = part.size / batch.size;
      const results = await program.compiled.run({ ...this.#feeds(program, part, step, start), ...sums, share: Float32Array.of(share) });
      sums = Object.fromEntries(Object.keys(sums).map((name) => [name, floats(results, name)]));
      if (this.state.has('statistics')) this.state.set('statistics', floats(results, 'statistics').slice());
      loss += (floats(results, 'loss')[0] ?? Number.NaN) * share;
      if (results['correct'] !== undefined) correct = (correct ?? 0) + (results['correct'][0] ?? 0);
      observed = widest(observed, results['observed']);
    }
    this.#update ??= this.#options.engine.compile(buildUpdateProgram(this.#setup));
    const results = await (
      await this.#update
    ).run({ ...Object.fromEntries(this.state), ...Object.fromEntries(this.stepInputs), ...sums, ...sizeFeeds(sizes) });
    this.state = new Map([...this.state].map(([name, data]) => [name, name === 'statistics' ? data : floats(results, name)]));
    this.#moveRanges(observed, step);
    return { loss, correct };
  }

  /** Copies, for results and checkpoints: the state itself lives in buffers that later steps overwrite. */
  copyState(): Map<string, Float32Array> {
    return new Map([...this.state].map(([name, data]) => [name, data.slice()]));
  }

  async dispose(): Promise<void> {
    for (const { program } of this.#programs.values()) await (await program).compiled.dispose();
    await (await this.#update)?.dispose();
    this.#programs.clear();
  }

  async #program(kind: ProgramKind, batchSize: number, stepSize: number): Promise<Compiled> {
    const key = `${kind} ${batchSize}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known.program;
    const isBuilt = this.#built?.kind === kind && this.#built.batchSize === batchSize;
    const { training, bytes } =
      (isBuilt ? this.#built : undefined) ?? buildProgram(this.#setup, this.#options.engine.threads, kind, batchSize);
    if (isBuilt) this.#built = undefined;
    await this.#makeRoom(bytes, stepSize);
    const program = this.#options.engine.compile(training.program).then((compiled) => ({ training, compiled }));
    this.#programs.set(key, { stepSize, bytes, program });
    return program;
  }

  /** Parts of one step stay together: they take turns within it. */
  async #makeRoom(bytes: number, stepSize: number): Promise<void> {
    const held = [...this.#programs.values()].reduce((sum, program) => sum + program.bytes, 0);
    if (held + bytes <= this.#availableBytes) return;
    for (const [key, { stepSize: others, program }] of this.#programs) {
      if (others === stepSize) continue;
      this.#programs.delete(key);
      await (await program).compiled.dispose();
    }
  }

  #moveRanges(observed: TensorData | undefined, step: number): void {
    if (observed instanceof Float32Array) this.ranges = this.#setup.quantizers?.move(this.ranges, observed, step) ?? this.ranges;
  }

  #feeds({ training }: Compiled, batch: Batch, step: number, start: number): Record<string, TensorData> {
    const { network, quantizers } = this.#setup;
    return {
      ...Object.fromEntries(this.state),
      ...Object.fromEntries(this.stepInputs),
      ...Object.fromEntries(network.inputs.map((id, i) => [`input/${id}`, batch.inputs[i] ?? new Float32Array(0)])),
      ...Object.fromEntries(
        training.dropouts.map((dropout, i) => [dropout.name, dropoutMask(dropout, this.#options.seed + i + 1 + start, step)]),
      ),
      retention: Float32Array.of(earlyRetention(step)),
      labels: batch.labels,
      targets: batch.targets,
      quantizers: quantizers?.feeds(this.ranges) ?? new Float32Array(0),
    };
  }
}

/** Bytes that a training step may take when nothing else trains. */
export function usableMemory(): number {
  return freemem() * usableShare;
}

function buildProgram(setup: TrainingSetup, threads: number, kind: ProgramKind, batchSize: number): BuiltProgram {
  const training = kind === 'whole' ? buildTrainingProgram(setup, batchSize) : buildGradientProgram(setup, batchSize);
  return { kind, batchSize, training, bytes: predictMemory(training.program, threads) };
}

/** The whole step, or its largest part that fits. */
function fittingProgram(setup: TrainingSetup, threads: number, whole: BuiltProgram, available: number): BuiltProgram {
  let program = whole;
  while (program.bytes > available && program.batchSize > 1)
    program = buildProgram(setup, threads, 'part', Math.ceil(program.batchSize / 2));
  const needed = program.bytes;
  if (needed <= available) return program;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  const largest = largestLayer(setup);
  const share =
    largest &&
    `; this layer takes most of all, about ${megabytes(largest.bytes)}, for ` +
      (largest.holds === 'weights'
        ? `${largest.weights} weights with their gradients and moments`
        : `the ${largest.values} values that it gives for an example, and their gradients`);
  throw new EspalierError(
    'out-of-memory',
    `a training step of a single example takes about ${megabytes(needed)}, and ${megabytes(available)} are free${share ?? ''}`,
    {
      where: largest && `layer "${largest.layer}"`,
      fix:
        largest?.holds === 'weights'
          ? 'close other programs, freeze the layer, or take a smaller model'
          : 'close other programs, or take a smaller model or input',
    },
  );
}

function sizeFeeds({ update, decay }: StepSizes): Record<string, TensorData> {
  return { update: Float32Array.of(update), decay: Float32Array.of(decay) };
}

function partOf(batch: Batch, start: number, size: number): Batch {
  const bounds = (length: number): [number, number] => [(start * length) / batch.size, ((start + size) * length) / batch.size];
  return {
    size,
    inputs: batch.inputs.map((input) => input.subarray(...bounds(input.length))),
    labels: batch.labels.subarray(...bounds(batch.labels.length)),
    targets: batch.targets.subarray(...bounds(batch.targets.length)),
  };
}

/** Minima at even places, maxima at odd ones. */
function widest(a: Float32Array | undefined, b: TensorData | undefined): Float32Array | undefined {
  if (!(b instanceof Float32Array)) return a;
  return b.map((value, i) => (a === undefined ? value : i % 2 === 0 ? Math.min(a[i] ?? value, value) : Math.max(a[i] ?? value, value)));
}

function dropoutMask({ tensor, rate }: DropoutMask, seed: number, step: number): Float32Array {
  const random = randomOf(seed, step);
  const kept = 1 / (1 - rate);
  return Float32Array.from({ length: elements(tensor.shape) }, () => (random.next() < rate ? 0 : kept));
}

function floats(results: Readonly<Record<string, TensorData>>, name: string): Float32Array {
  const data = results[name];
  if (!(data instanceof Float32Array)) throw new Error(`the training program has no output "${name}"`);
  return data;
}
