import { beforeAll, describe, expect, it } from 'vitest';
import { assignCentroids, projectCodebook } from '../../../src/core/constraints/codebook.ts';
import type { Codebook } from '../../../src/core/constraints/constraint.ts';
import { projectNetwork } from '../../../src/core/constraints/composition.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { buildCodebook } from '../../../src/core/techniques/clustering/build-codebook.ts';
import {
  type ClusteredNetwork,
  clusterKernels,
  clusterLayers,
  toCentroids,
} from '../../../src/core/techniques/clustering/cluster-layers.ts';
import { errorFeedback } from '../../../src/core/techniques/reconstruction/error-feedback.ts';
import { upperFactor } from '../../../src/core/techniques/reconstruction/triangular-factor.ts';
import { fitCentroids } from '../../../src/core/techniques/clustering/fit-centroids.ts';
import { type Kernel, kernelsOf } from '../../../src/core/techniques/kernels.ts';
import { apply } from '../../support/apply-technique.ts';
import { kernelData, logits, residualNetwork, techniqueContext, trainedModel } from './technique-fixtures.ts';

const { signal } = new AbortController();

const codebook: Codebook = {
  kind: 'codebook',
  granularity: { kind: 'tensor' },
  centroids: Float32Array.of(-1, 0, 1),
  clusters: 3,
  zeroPinned: true,
};

/** Of vectors whose neighbours are alike, `[d, d]`. */
function moments(length: number, seed: number): Float64Array {
  const random = createRandom(seed);
  const sums = new Float64Array(length ** 2);
  for (let row = 0; row < 4 * length; row++) {
    let value = 0;
    const vector = Float64Array.from({ length }, () => (value = 0.8 * value + random.normal()));
    for (let i = 0; i < length; i++) for (let j = 0; j < length; j++) sums[i * length + j]! += vector[i]! * vector[j]!;
  }
  return sums;
}

/** `sum (v - w) gram (v - w)^T` over filters. */
function outputError(v: Float32Array, w: Float32Array, gram: ArrayLike<number>): number {
  const length = Math.sqrt(gram.length);
  let sum = 0;
  for (let row = 0; row < v.length; row += length)
    for (let i = 0; i < length; i++)
      for (let j = 0; j < length; j++) sum += (v[row + i]! - w[row + i]!) * gram[i * length + j]! * (v[row + j]! - w[row + j]!);
  return sum;
}

function productWith(weights: Float32Array, gram: ArrayLike<number>): Float32Array {
  const length = Math.sqrt(gram.length);
  return weights.map((_, at) => {
    const row = at - (at % length);
    let sum = 0;
    for (let k = 0; k < length; k++) sum += weights[row + k]! * gram[k * length + (at % length)]!;
    return sum;
  });
}

describe('the upper factor of a matrix', () => {
  it('is what a pencil finds', async () => {
    // (1 2; 0 3) times its transpose.
    expect([...(await upperFactor(Float64Array.of(5, 6, 6, 9), signal))!]).toEqual([1, 2, 0, 3]);
  });

  it('times its transpose gives the matrix, over several blocks of columns', async () => {
    const length = 71;
    const gram = moments(length, 1);
    const factor = (await upperFactor(gram, signal))!;
    gram.forEach((expected, at) => {
      const [i, j] = [Math.floor(at / length), at % length];
      if (j < i) expect(factor[at]).toBe(0);
      let product = 0;
      for (let k = 0; k < length; k++) product += factor[i * length + k]! * factor[j * length + k]!;
      expect(product).toBeCloseTo(expected, 9);
    });
  });

  it('is not there where the matrix is not positive definite', async () => {
    expect(await upperFactor(Float64Array.of(1, 2, 2, 1), signal)).toBeUndefined();
  });

  it('is given up when cancelled', async () => {
    await expect(upperFactor(moments(8, 2), AbortSignal.abort())).rejects.toThrow('cancelled');
  });
});

describe('rounding with error feedback', () => {
  const toInteger = (weight: number): number => Math.round(weight);

  it('moves the next weight by what the last one lacks, as a pencil does', async () => {
    // 0.4 becomes 0, and as the inputs are nearly alike, the second weight takes most of what is missing: 0.4 + 0.9 * 0.4.
    const seen: number[] = [];
    const rounded = await errorFeedback({ weights: Float32Array.of(0.4, 0.4), gram: Float32Array.of(1.001, 0.9, 0.9, 1), signal });
    const values = rounded!((weight) => {
      seen.push(weight);
      return Math.round(weight);
    });
    expect(seen).toEqual([expect.closeTo(0.4, 6), expect.closeTo(0.76, 6)]);
    expect([...values]).toEqual([0, 1]);
  });

  it('rounds weights by themselves whose inputs have nothing to do with each other, and tells how much each counts', async () => {
    const precisions: number[] = [];
    const rounded = await errorFeedback({
      weights: Float32Array.of(0.4, 1.3, -0.6),
      gram: Float32Array.of(2, 0, 0, 0, 1, 0, 0, 0, 3),
      signal,
    });
    const values = rounded!((weight, index, precision) => {
      precisions[index] = precision;
      return Math.round(weight);
    });
    expect([...values]).toEqual([0, 1, -1]);
    expect(precisions).toEqual([1, 0.5, 1.5].map((value) => expect.closeTo(value, 9)));
  });

  it('comes nearer to the outputs than rounding each weight by itself, and leaves masked weights', async () => {
    const length = 40;
    const random = createRandom(5);
    const gram = Float32Array.from(moments(length, 6));
    const mask = Uint8Array.from({ length: 3 * length }, () => (random.next() < 0.3 ? 0 : 1));
    const weights = Float32Array.from(mask, (kept) => (kept === 0 ? 0 : random.normal()));
    const values = (await errorFeedback({ weights, gram, mask, signal }))!(toInteger);
    values.forEach((value, i) => {
      if (mask[i] === 0) expect(value).toBe(0);
    });
    expect(outputError(values, weights, gram)).toBeLessThan(0.8 * outputError(weights.map(Math.round), weights, gram));
  });

  it('gives a filter the same bits whichever filters are rounded beside it', async () => {
    const length = 12;
    const random = createRandom(7);
    const gram = Float32Array.from(moments(length, 8));
    // Filters are rounded four at a time: the last block of seven is not full.
    const mask = Uint8Array.from({ length: 7 * length }, () => (random.next() < 0.3 ? 0 : 1));
    const weights = Float32Array.from(mask, () => random.normal());
    const round = (from: number, to: number): Promise<Float32Array> =>
      errorFeedback({ weights: weights.slice(from, to), gram, mask: mask.slice(from, to), signal }).then((rounded) =>
        rounded!((weight) => Math.round(weight * 3) / 3),
      );
    const together = await round(0, weights.length);
    for (let from = 0; from < weights.length; from += length)
      expect(together.subarray(from, from + length)).toEqual(await round(from, from + length));
  });
});

describe('rounding to centroids', () => {
  it('takes the nearest one where none costs anything, in the units of the channel', () => {
    expect([-0.6, -0.4, 0.2, 3].map((weight) => toCentroids(codebook, [4])(weight, 0, 0.01))).toEqual([-1, 0, 0, 1]);
    const units = { granularity: { kind: 'channel', axis: 0 }, scales: Float32Array.of(1, 10) } as const;
    expect(toCentroids({ ...codebook, units }, [2, 1])(6, 1, 1)).toBe(10);
  });

  it('takes a cheaper one where the error counts little', () => {
    // From 0.8, one costs 0.04 p + 0.5 and zero 0.64 p: equal at a precision of 0.83.
    const round = toCentroids({ ...codebook, costs: Float32Array.of(0.5, 0, 0.5) }, [1]);
    expect([2, 0.9, 0.8, 0.1].map((precision) => round(0.8, 0, precision))).toEqual([1, 1, 0, 0]);
  });
});

describe('centroids fitted to outputs', () => {
  it('are the means of their members where inputs have nothing to do with each other, and a pinned zero stays', () => {
    const weights = Float32Array.of(-1.5, -0.5, 0.2, 2, 1, 0);
    const gram = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    const members = Uint32Array.of(0, 0, 1, 2, 2, 1);
    const fitted = fitCentroids(codebook, members, [2, 3], { gram, targets: productWith(weights, gram) });
    [-1, 0, 1.5].forEach((expected, i) => expect(fitted.centroids[i]).toBeCloseTo(expected, 2));
    expect(fitted.centroids[1]).toBe(0);
  });

  it('come nearer to the outputs than any that differ a little, in each channel by itself', () => {
    const length = 12;
    const random = createRandom(9);
    const gram = Float32Array.from(moments(length, 10));
    const weights = Float32Array.from({ length: 2 * length }, () => random.normal());
    const shape = [2, 1, 1, length];
    const perChannel: Codebook = {
      ...codebook,
      granularity: { kind: 'channel', axis: 0 },
      centroids: Float32Array.of(-1, 0.1, 1, -1, 0.1, 1),
      zeroPinned: false,
    };
    const members = assignCentroids(weights, shape, perChannel);
    const fitted = fitCentroids(perChannel, members, shape, { gram, targets: productWith(weights, gram) });
    const errorOf = (centroids: Float32Array): number =>
      outputError(
        Float32Array.from(members, (m) => centroids[m]!),
        weights,
        gram,
      );
    const least = errorOf(fitted.centroids);
    fitted.centroids.forEach((_, which) => {
      for (const change of [-0.1, 0.1])
        expect(errorOf(fitted.centroids.map((value, i) => (i === which ? value + change : value)))).toBeGreaterThan(least);
    });
  });

  it('keep integers', () => {
    const integers: Codebook = { ...codebook, integers: true };
    const gram = Float32Array.of(1);
    expect(fitCentroids(integers, Uint32Array.of(2), [1, 1], { gram, targets: Float32Array.of(1.4) })).toBe(integers);
  });
});

describe('a network clustered layer by layer', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  });
  const network = residualNetwork();
  const choose = ({ shape }: Kernel, weights: Float32Array): Codebook =>
    buildCodebook(
      weights,
      shape,
      { clusters: 4, granularity: { kind: 'tensor' }, initialization: 'kmeans++', refine: true, gradient: 'sum', zeroPinned: false },
      createRandom(1),
    );

  it('is nearer to the whole one than kernels clustered by themselves, depthwise ones among them', async () => {
    const kernels = kernelsOf(network);
    const whole = await logits(engine, network);
    const error = async (clustered: ClusteredNetwork): Promise<number> => {
      const projected = projectNetwork(clustered.network, clustered.constraints);
      for (const { parameter } of kernels) expect(new Set(kernelData(projected, parameter)).size).toBeLessThanOrEqual(4);
      const outputs = await logits(engine, projected);
      return outputs.reduce((sum, value, i) => sum + (value - whole[i]!) ** 2, 0);
    };
    const byLayers = await error(await clusterLayers(trainedModel(network), kernels, choose, techniqueContext(engine)));
    expect(byLayers).toBeLessThan(0.6 * (await error(clusterKernels(trainedModel(network), kernels, choose))));
  });

  it('has each weight on a centroid that the codebook takes it to again, so that training begins there', async () => {
    const clustered = await clusterLayers(trainedModel(network), kernelsOf(network), choose, techniqueContext(engine));
    const [own] = clustered.constraints.get('dense/kernel') as readonly [Codebook];
    const weights = kernelData(clustered.network, 'dense/kernel');
    expect(new Set(weights).size).toBe(4);
    expect(projectCodebook(weights, [2, 96], own)).toEqual(weights);
  });

  it('keeps the zeros of a pruned one where they were', async () => {
    const mask = Uint8Array.from({ length: 192 }, (_, i) => i % 2);
    const dense = network.parameters.get('dense/kernel')!;
    const pruned: Network = {
      ...network,
      parameters: new Map(network.parameters).set('dense/kernel', { ...dense, data: dense.data.map((w, i) => w * mask[i]!) }),
    };
    const clustered = await apply(
      'sparsity-preserving-clustering',
      { ...trainedModel(pruned), constraints: new Map([['dense/kernel', [{ kind: 'sparsity', mask }]]]) },
      techniqueContext(engine),
      { clusters: 5, steps: 1, learningRate: 1e-6 },
    );
    const weights = kernelData(clustered.network, 'dense/kernel');
    expect(weights.every((weight, i) => mask[i] === 1 || weight === 0)).toBe(true);
    expect(new Set(weights).size).toBe(5);
  });
});
