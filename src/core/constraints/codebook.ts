/**
 * Weights that take one of a few values: each is its nearest centroid, and centroids learn from their members.
 * Han et al. 2016, arXiv:1510.00149, section 3.
 */
import { channelLayout } from './channels.ts';
import type { ConstraintBehaviour, FileKernel, Levels } from './constraint-behaviour.ts';
import type { ChannelUnits, Codebook } from './constraint.ts';
import type { WeightExpectation } from './expectation.ts';
import { scaleOfMaximum } from './integer-grid.ts';
import { centroidsName, lowerCodebook } from './lower-codebook.ts';
import { nearestCentroid } from './nearest-centroid.ts';
import { roundHalfToEven } from './rounding.ts';

export function codebookBehaviour(codebook: Codebook): ConstraintBehaviour {
  return {
    project: (weights, shape) => projectCodebook(weights, shape, codebook),
    lower: (builder, name, value) => lowerCodebook(builder, name, value, codebook),
    fold: (factors) => foldCodebook(codebook, factors),
    refresh: ({ name, trained }) => {
      const centroids = trained.get(centroidsName(name));
      return centroids === undefined ? codebook : refreshCodebook(codebook, centroids);
    },
    promise: (kernel) => promisedValues(codebook, kernel),
    levels: codebookLevels(codebook),
  };
}

/** Unit of each channel of the kernel: 1 where the codebook has none. */
export function unitLookup(units: ChannelUnits | undefined, shape: readonly number[]): (index: number) => number {
  if (units === undefined) return () => 1;
  const { channelOf } = channelLayout(shape, units.granularity);
  return (index) => units.scales[channelOf(index)] ?? 1;
}

/** Which centroid each weight takes, as an index into `centroids`. */
export function assignCentroids(weights: Float32Array, shape: readonly number[], codebook: Codebook): Uint32Array {
  const { channelOf } = channelLayout(shape, codebook.granularity);
  const unitAt = unitLookup(codebook.units, shape);
  const { centroids, clusters, costs } = codebook;
  return Uint32Array.from(weights, (weight, i) => {
    const unit = unitAt(i);
    return nearestCentroid(centroids, channelOf(i) * clusters, clusters, unit === 0 ? 0 : weight / unit, costs);
  });
}

export function projectCodebook(weights: Float32Array, shape: readonly number[], codebook: Codebook): Float32Array {
  const unitAt = unitLookup(codebook.units, shape);
  const members = assignCentroids(weights, shape, codebook);
  return weights.map((_, i) => (codebook.centroids[members[i] ?? 0] ?? 0) * unitAt(i));
}

/** The codebook with trained centroids: zero pinned where it was, integers rounded, ascending again. */
export function refreshCodebook(codebook: Codebook, trained: Float32Array): Codebook {
  return sortCodebook({
    ...codebook,
    centroids: trained.map((value, i) => {
      if (codebook.zeroPinned && codebook.centroids[i] === 0) return 0;
      return codebook.integers === true ? Math.max(-127, Math.min(127, roundHalfToEven(value))) : value;
    }),
  });
}

/** Each channel's centroids in ascending order, their costs with them. */
export function sortCodebook(codebook: Codebook): Codebook {
  const { clusters, centroids, costs } = codebook;
  const order = Uint32Array.from(centroids, (_, i) => i);
  for (let begin = 0; begin < order.length; begin += clusters) {
    order.subarray(begin, begin + clusters).sort((a, b) => (centroids[a] ?? 0) - (centroids[b] ?? 0) || a - b);
  }
  const sorted = (values: Float32Array): Float32Array => Float32Array.from(order, (i) => values[i] ?? 0);
  return { ...codebook, centroids: sorted(centroids), ...(costs === undefined ? {} : { costs: sorted(costs) }) };
}

/**
 * The codebook of a kernel whose channels were multiplied: the factors become its units, so that one codebook goes on
 * serving the whole kernel. A codebook for each channel is scaled itself.
 */
function foldCodebook(codebook: Codebook, factors: ChannelUnits): Codebook {
  const { granularity, clusters, centroids, costs } = codebook;
  if (granularity.kind === 'tensor') {
    const scales = factors.scales.map((factor, channel) => factor * unitOf(codebook, channel));
    return { ...codebook, units: { granularity: factors.granularity, scales } };
  }
  const factorOf = (index: number): number => factors.scales[Math.floor(index / clusters)] ?? 1;
  return sortCodebook({
    ...codebook,
    centroids: centroids.map((centroid, i) => (centroid === 0 ? 0 : centroid * factorOf(i))),
    ...(costs === undefined ? {} : { costs: costs.map((cost, i) => cost * factorOf(i) ** 2) }),
  });
}

function unitOf({ units }: Codebook, channel: number): number {
  if (units === undefined) return 1;
  return units.scales[units.granularity.kind === 'tensor' ? 0 : channel] ?? 1;
}

/**
 * A shared codebook asks a grid for the largest centroid over the largest integer times the channel's unit, so that a centroid is the
 * same integer in every channel. Codebooks of single channels fit any scale, as does one scale for channels with units.
 */
function codebookLevels(codebook: Codebook): Levels {
  return {
    integers: codebook.integers === true,
    gridScales: (shape, granularity, limit) => {
      const oneScaleForUnits = codebook.units?.granularity.kind === 'channel' && granularity.kind === 'tensor';
      if (codebook.granularity.kind === 'channel' || oneScaleForUnits) return undefined;
      const { channels } = channelLayout(shape, granularity);
      const largest = codebook.centroids.reduce((most, centroid) => Math.max(most, Math.abs(centroid)), 0);
      const step = codebook.integers === true ? 1 : largest / limit;
      return Float32Array.from({ length: channels }, (_, channel) =>
        scaleOfMaximum(step * limit * Math.abs(unitOf(codebook, channel)), limit),
      );
    },
  };
}

/** Integers of different channels differ where their scales do, unless the codebook itself is of integers. */
function promisedValues({ clusters, granularity, units, integers }: Codebook, file: FileKernel): Partial<WeightExpectation> {
  const oneCodebook = granularity.kind === 'tensor';
  const oneScale = file.integer ? file.granularity.kind === 'tensor' : true;
  const sameUnits = units === undefined || units.scales.every((unit) => unit === units.scales[0]);
  const positiveUnits = units === undefined || units.scales.every((unit) => unit > 0);
  const sharedIntegers = file.integer && integers === true && positiveUnits;
  return {
    uniqueValuesPerChannel: clusters,
    ...(oneCodebook && ((oneScale && sameUnits) || sharedIntegers) ? { uniqueValues: clusters } : {}),
  };
}
