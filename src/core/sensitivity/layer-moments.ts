import type { DataSet } from '../data/dataset.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { CompiledProgram, Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { compileInference } from '../lowering/inference.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { usesOf } from '../network/passes/rewrite.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { elements } from '../program/shapes.ts';
import { createRandom } from '../random.ts';
import type { Kernel } from '../techniques/kernels.ts';
import { operationMacs } from './plan-measurements.ts';
import { standardDeviation } from '../techniques/reconstruction/input-deviations.ts';
import { type Patches, patchesOf } from '../techniques/reconstruction/patches.ts';

export interface MomentRequest {
  readonly engine: Engine;
  readonly network: Network;
  readonly kernels: readonly Kernel[];
  /** Those whose moments are wanted; the moments of a layer are the same whichever others are. Default: all. */
  readonly wanted?: ReadonlySet<ParameterId> | undefined;
  readonly data: DataSet;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** The time of factoring grows with the cube of a filter's length; longer ones are changed by their weights alone. */
const longestFilter = 2304;
const patchesPerWeight = 8;
const fewestPatches = 4096;
const mostPatches = 16_384;
const fewestExamples = 256;
/**
 * Multiply-accumulates of the pass through the network. Layers of few positions want an example for each patch, which
 * takes long where all layers are large.
 */
const macBudget = 1e11;
const rowsAtOnce = 1024;
/** Values of all layers' inputs that are in memory at a time. */
const valuesAtOnce = 2 ** 25;
/** The ridge term, as a share of the mean of the diagonal; as in `NormalEquations`. */
const damping = 0.01;

/** Of a layer's input on training examples. */
export interface LayerMoments {
  /** `sum x x^T + lambda I`, `[d, d]`. */
  readonly gram: Float32Array;
  /** The standard deviation of each value of a patch, `[d]`. */
  readonly deviations: Float32Array;
}

/** Sums of the outer products of a layer's patches, and of the patches. */
class Moments {
  readonly source: ValueId;
  readonly patches: Patches;
  readonly wanted: number;
  readonly #gram: Float32Array;
  readonly #rows: Float32Array;
  readonly #program: CompiledProgram;
  readonly #sums: Float64Array;
  #row = 0;
  #count = 0;

  constructor(source: ValueId, patches: Patches, program: CompiledProgram) {
    this.source = source;
    this.patches = patches;
    this.wanted = patchCount(patches);
    this.#gram = new Float32Array(patches.length ** 2);
    this.#rows = new Float32Array(rowsAtOnce * patches.length);
    this.#sums = new Float64Array(patches.length);
    this.#program = program;
  }

  async read(values: Float32Array, example: number, position: number): Promise<void> {
    const { length } = this.patches;
    const begin = this.#row * length;
    this.patches.read(values, example, position, this.#rows, begin);
    for (let i = 0; i < length; i++) this.#sums[i] = (this.#sums[i] ?? 0) + (this.#rows[begin + i] ?? 0);
    this.#count++;
    if (++this.#row === rowsAtOnce) await this.#flush();
  }

  async end(): Promise<LayerMoments | undefined> {
    this.#rows.fill(0, this.#row * this.patches.length);
    if (this.#row > 0) await this.#flush();
    const { length } = this.patches;
    let trace = 0;
    for (let i = 0; i < length; i++) trace += this.#gram[i * (length + 1)] ?? 0;
    if (!(trace > 0 && Number.isFinite(trace))) return undefined;
    const deviations = Float32Array.from(this.#sums, (sum, i) => standardDeviation(sum, this.#gram[i * (length + 1)] ?? 0, this.#count));
    for (let i = 0; i < length; i++) this.#gram[i * (length + 1)] = (this.#gram[i * (length + 1)] ?? 0) + (damping * trace) / length;
    return { gram: this.#gram, deviations };
  }

  async #flush(): Promise<void> {
    const { gram = [] } = await this.#program.run({ rows: this.#rows });
    for (let i = 0; i < this.#gram.length; i++) this.#gram[i] = (this.#gram[i] ?? 0) + (gram[i] ?? 0);
    this.#row = 0;
  }
}

/**
 * The second moments of each layer's input on training examples, `sum x x^T + lambda I`, `[d, d]`: the Hessian of the
 * squared error of its outputs. One pass through the network serves all layers. Layers have none that are no convolution
 * or dense layer, are used more than once, have longer filters than 2,304, or inputs that are all zero.
 *
 * @throws EspalierError `cancelled`
 */
export async function layerMoments(request: MomentRequest): Promise<ReadonlyMap<ParameterId, LayerMoments>> {
  const { engine, network, data, seed, signal, onProgress } = request;
  const programs = new Map<number, CompiledProgram>();
  const moments = new Map<ParameterId, Moments>();
  const layers = patchedLayers(request);
  try {
    for (const { kernel, source, patches } of layers.filter(({ kernel: { parameter } }) => request.wanted?.has(parameter) !== false)) {
      const program = programs.get(patches.length) ?? (await engine.compile(productProgram(patches.length)));
      programs.set(patches.length, program);
      moments.set(kernel.parameter, new Moments(source, patches, program));
    }
    if (moments.size === 0) return new Map();
    // Of all layers, so that the same is computed whichever are wanted.
    const sources = [...new Set(layers.map(({ source }) => source))];
    const values = sources.reduce((sum, source) => sum + elements(shapeOf(network, source)), 0);
    const examples = exampleCount(network, layers, data.size);
    const batchSize = Math.max(1, Math.min(64, examples, Math.floor(valuesAtOnce / values)));
    const indices = spreadIndices(data.size, examples);
    // A sequence for each layer: what one draws does not depend on the others.
    const randoms = new Map([...moments.keys()].map((id) => [id, createRandom(seed)]));
    const inference = await compileInference(engine, network, batchSize, { outputs: sources });
    try {
      for (let start = 0; start < examples; start += batchSize) {
        if (signal.aborted) throw new EspalierError('cancelled', 'measuring the inputs of layers was cancelled');
        const batch = await data.read(indices.subarray(start, Math.min(start + batchSize, examples)));
        const outputs = await inference.run(batch.inputs, batch.size);
        for (const [id, layer] of moments) {
          const random = randoms.get(id);
          const input = outputs[sources.indexOf(layer.source)] ?? new Float32Array(0);
          const { positions } = layer.patches;
          const perExample = Math.min(positions, Math.ceil(layer.wanted / examples));
          for (let read = 0; read < batch.size * perExample; read++) {
            const example = Math.floor(read / perExample) * (input.length / batch.size);
            await layer.read(input, example, perExample === positions ? read % perExample : (random?.integer(positions) ?? 0));
          }
        }
        onProgress?.((start + batch.size) / examples);
      }
    } finally {
      await inference.dispose();
    }
    const found = new Map<ParameterId, LayerMoments>();
    for (const [id, layer] of moments) {
      const ended = await layer.end();
      if (ended !== undefined) found.set(id, ended);
    }
    return found;
  } finally {
    for (const program of programs.values()) await program.dispose();
  }
}

interface PatchedLayer {
  readonly kernel: Kernel;
  readonly source: ValueId;
  readonly patches: Patches;
}

function patchedLayers({ network, kernels, data }: MomentRequest): readonly PatchedLayer[] {
  if (data.size === 0) return [];
  const uses = usesOf(network);
  return kernels.flatMap((kernel) => {
    const { operation, parameter, shape } = kernel;
    const [source = ''] = operation.inputs;
    if ((operation.kind !== 'conv2d' && operation.kind !== 'dense') || uses.parameterUsers(parameter) !== 1) return [];
    const patches = patchesOf(operation, shapeOf(network, source), shape);
    return patches === undefined || patches.length > longestFilter ? [] : [{ kernel, source, patches }];
  });
}

function patchCount({ length }: Patches): number {
  return Math.min(Math.max(patchesPerWeight * length, fewestPatches), mostPatches);
}

/** As many as the layer of the fewest positions needs for its patches, within the budget. */
export function exampleCount(network: Network, layers: readonly { readonly patches: Patches }[], size: number, budget = macBudget): number {
  const macs = network.operations.reduce((sum, operation) => sum + operationMacs(network, operation), 0);
  const wanted = Math.max(...layers.map(({ patches }) => Math.ceil(patchCount(patches) / patches.positions)));
  return Math.min(size, Math.max(fewestExamples, Math.min(wanted, Math.floor(budget / Math.max(1, macs)))));
}

function productProgram(length: number): Parameters<Engine['compile']>[0] {
  const builder = createProgramBuilder();
  const rows = builder.input('rows', [rowsAtOnce, length]);
  return builder.build({ gram: builder.matmul(rows, rows, { transposeA: true }) });
}
