import type { LayerChoice } from '../../shared/layer-choices.ts';
import { assignCentroids, projectCodebook } from '../constraints/codebook.ts';
import { channelLayout } from '../constraints/channels.ts';
import type { Codebook, Granularity } from '../constraints/constraint.ts';
import { gridScales, weightLimit } from '../constraints/integer-grid.ts';
import { roundHalfToEven } from '../constraints/rounding.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { createRandom } from '../random.ts';
import { buildCodebook } from '../techniques/clustering/build-codebook.ts';
import { toCentroids } from '../techniques/clustering/cluster-layers.ts';
import { fitCentroids } from '../techniques/clustering/fit-centroids.ts';
import { type Kernel, outputChannels, quantizationGranularity } from '../techniques/kernels.ts';
import { contributions, magnitudeMask } from '../techniques/pruning/magnitude-masks.ts';
import { factorMoments, feedbackRounding, type MomentFactor, type RoundWeights } from '../techniques/reconstruction/error-feedback.ts';
import type { LayerMoments } from './layer-moments.ts';
import { maskedLeastSquares } from '../techniques/reconstruction/masked-least-squares.ts';
import type { LeastSquares } from '../techniques/reconstruction/normal-equations.ts';

/** A kernel with a choice in force. */
export interface FittedLayer {
  /** As the file computes with it: integers times their scales. */
  readonly weights: Float32Array;
  /** As the file stores it, row-major. */
  readonly integers: Int8Array;
  /** Scales of the integers: 1 where it is per tensor. */
  readonly channels: number;
}

export interface FitSetting {
  readonly engine: Engine;
  readonly seed: number;
  /** Whether values are fitted once more to the weights that took them. Default: yes. */
  readonly refits?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Enough for a figure; a stage solves to the end. */
const mostIterations = 30;
/** Of a large kernel's weights, those that values are chosen from. */
const mostClustered = 2 ** 15;
/** Bits of code count as in the default of clustering. */
const rateWeight = 1;

/**
 * Fits one kernel to its choices as pruning, clustering and 4-bit quantization do before training, from the moments of
 * its inputs in the whole network: masks by contribution and least squares of what is left (`maskedLeastSquares`), values by
 * k-means, error feedback and least squares (`clusterLayers`), levels by error feedback (GPTQ). Without moments the
 * weights alone decide.
 *
 * What choices share is computed once: ask for lower sparsities first, since each is pruned from the one before it.
 */
export class LayerFitter {
  readonly #kernel: Kernel;
  readonly #gram: Float32Array | undefined;
  readonly #deviations: Float32Array | undefined;
  readonly #engine: Engine;
  readonly #seed: number;
  readonly #refits: boolean;
  readonly #signal: AbortSignal;
  readonly #pruned = new Map<number, Pruned>();
  #equations: LeastSquares | undefined;
  #factor: MomentFactor | undefined;

  constructor(kernel: Kernel, moments: LayerMoments | undefined, setting: FitSetting) {
    this.#kernel = kernel;
    this.#gram = moments?.gram;
    this.#deviations = moments?.deviations;
    this.#engine = setting.engine;
    this.#seed = setting.seed;
    this.#refits = setting.refits ?? true;
    this.#signal = setting.signal;
  }

  /** @throws EspalierError `cancelled` */
  async fit({ sparsity, clusters, bits }: LayerChoice): Promise<FittedLayer> {
    const pruned = await this.#prune(sparsity);
    if (clusters > 0) return this.#cluster(pruned, clusters);
    const { operation, shape } = this.#kernel;
    if (bits === 8) return onGrid(pruned.weights, shape, quantizationGranularity(operation), 8);
    const granularity = outputChannels(operation);
    const scales = gridScales(pruned.weights, shape, { granularity, bits });
    const { channelOf } = channelLayout(shape, granularity);
    const limit = weightLimit(bits);
    const round = await this.#rounding(pruned);
    const rounded = round?.((weight, index) => {
      const scale = scales[channelOf(index)] ?? 1;
      return Math.max(-limit, Math.min(limit, roundHalfToEven(weight / scale))) * scale;
    });
    return onGrid(rounded ?? pruned.weights, shape, granularity, bits, scales);
  }

  async #prune(sparsity: number): Promise<Pruned> {
    const { data } = this.#kernel;
    if (sparsity === 0) return { weights: data, mask: undefined };
    const known = this.#pruned.get(sparsity);
    if (known !== undefined) return known;
    const milder = Math.max(0, ...[...this.#pruned.keys()].filter((each) => each < sparsity));
    const mask = magnitudeMask(contributions(this.#pruned.get(milder)?.weights ?? data, this.#deviations), sparsity);
    const equations = await this.#normalEquations();
    const masked = data.map((weight, i) => (mask[i] === 0 ? 0 : weight));
    const fitted =
      equations &&
      (await maskedLeastSquares({ engine: this.#engine, weights: masked, mask, equations, mostIterations, signal: this.#signal }));
    const pruned = { mask, weights: fitted?.every(Number.isFinite) === true ? fitted : masked };
    this.#pruned.set(sparsity, pruned);
    return pruned;
  }

  async #cluster(pruned: Pruned, clusters: number): Promise<FittedLayer> {
    const { shape } = this.#kernel;
    const { weights } = pruned;
    const sample =
      weights.length <= mostClustered
        ? weights
        : Float32Array.from(spreadIndices(weights.length, mostClustered), (index) => weights[index] ?? 0);
    const chosen = buildCodebook(
      sample,
      sample === weights ? shape : [sample.length],
      {
        clusters,
        granularity: { kind: 'tensor' },
        initialization: 'kmeans++',
        refine: true,
        rateWeight,
        gradient: 'sum',
        zeroPinned: pruned.mask !== undefined,
      },
      createRandom(this.#seed),
    );
    const round = await this.#rounding(pruned);
    if (round === undefined) return onCodebook(projectCodebook(pruned.weights, shape, chosen), shape, chosen);
    const rounded = round(toCentroids(chosen, shape));
    const equations = await this.#normalEquations();
    if (equations === undefined || !this.#refits) return onCodebook(rounded, shape, chosen);
    const codebook = fitCentroids(chosen, assignCentroids(rounded, shape, chosen), shape, equations);
    return onCodebook(round(toCentroids(codebook, shape)), shape, codebook);
  }

  async #rounding({ weights, mask }: Pruned): Promise<RoundWeights | undefined> {
    if (this.#gram === undefined) return undefined;
    this.#factor ??= await factorMoments(this.#gram, this.#signal);
    return this.#factor && feedbackRounding(this.#factor, weights, mask);
  }

  /** From the whole network's inputs to its outputs: `targets = w gram`. */
  async #normalEquations(): Promise<LeastSquares | undefined> {
    if (this.#gram === undefined || this.#equations !== undefined) return this.#equations;
    const { data } = this.#kernel;
    const length = Math.sqrt(this.#gram.length);
    const builder = createProgramBuilder();
    const compiled = await this.#engine.compile(
      builder.build({
        targets: builder.matmul(builder.input('weights', [data.length / length, length]), builder.input('gram', [length, length])),
      }),
    );
    try {
      const { targets } = await compiled.run({ weights: data, gram: this.#gram });
      this.#equations = { gram: this.#gram, targets: Float32Array.from(targets ?? []) };
    } finally {
      await compiled.dispose();
    }
    return this.#equations;
  }
}

interface Pruned {
  readonly weights: Float32Array;
  readonly mask: Uint8Array | undefined;
}

/** The weights rounded to the nearest of the grid's integers. */
export function onGrid(
  weights: Float32Array,
  shape: readonly number[],
  granularity: Granularity,
  bits: LayerChoice['bits'],
  scales = gridScales(weights, shape, { granularity, bits }),
): FittedLayer {
  const { channels, channelOf } = channelLayout(shape, granularity);
  const limit = weightLimit(bits);
  const integers = new Int8Array(weights.length);
  const rounded = new Float32Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const scale = scales[channels === 1 ? 0 : channelOf(i)] ?? 1;
    const integer = Math.max(-limit, Math.min(limit, roundHalfToEven((weights[i] ?? 0) / scale)));
    integers[i] = integer;
    rounded[i] = integer * scale;
  }
  return { integers, channels, weights: rounded };
}

/** A value of a codebook is the same integer in every channel, so one scale does. */
function onCodebook(weights: Float32Array, shape: readonly number[], { centroids }: Codebook): FittedLayer {
  const largest = centroids.reduce((most, centroid) => Math.max(most, Math.abs(centroid)), 0);
  return onGrid(weights, shape, { kind: 'tensor' }, 8, Float32Array.of(largest > 0 ? largest / weightLimit(8) : 1));
}
