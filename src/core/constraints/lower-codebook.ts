/** The codebook inside a training program: re-assigned at every forward pass, with the centroids among the trainables. */
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { alignedShape, fromChannelRows, toChannelRows } from './channels.ts';
import type { Codebook } from './constraint.ts';
import { integerLimit } from './integer-grid.ts';
import type { LoweredConstraint } from './constraint-behaviour.ts';
import { leastShare } from './nearest-centroid.ts';

export function centroidsName(parameter: string): string {
  return `${parameter}/centroids`;
}

/** d loss / d centroid is the sum (or average) of its members' gradients; the latent weight gets its own, straight through. */
export function lowerCodebook(builder: ProgramBuilder, name: string, weight: Tensor, codebook: Codebook): LoweredConstraint {
  const { clusters, granularity } = codebook;
  const channels = codebook.centroids.length / clusters;
  const trained = builder.input(centroidsName(name), [codebook.centroids.length]);
  const unsorted = pinAndRound(builder, trained, codebook);
  const permutation = ascendingOrder(builder, unsorted);
  const table = permuteRows(builder, permutation, unsorted);
  const costs =
    codebook.costs === undefined ? undefined : permuteRows(builder, permutation, builder.constant(codebook.costs, unsorted.shape));

  const unitShape = codebook.units === undefined ? undefined : alignedShape(weight.shape, codebook.units.granularity);
  const unit = codebook.units === undefined || unitShape === undefined ? undefined : builder.constant(codebook.units.scales, unitShape);
  const inUnits =
    codebook.units === undefined || unitShape === undefined
      ? weight
      : builder.mul(weight, builder.constant(codebook.units.scales.map(reciprocal), unitShape));

  const rows = toChannelRows(builder, inUnits, granularity);
  const indices = nearestIndices(builder, rows, table, costs);
  const flat = builder.reshape(indices, [rows.shape.reduce((a, b) => a * b, 1)]);
  const entries = builder.reshape(table, [channels * clusters]);
  const source = codebook.gradient === 'average' ? averaged(builder, entries, flat) : entries;
  const gathered = fromChannelRows(builder, builder.reshape(builder.gather(source, flat), rows.shape), weight.shape, granularity);
  const value = unit === undefined ? gathered : builder.mul(gathered, unit);

  const magnitude = meanMagnitude(codebook.units?.scales ?? Float32Array.of(1));
  return {
    // The difference is exactly zero: it only carries the gradient to the latent weight.
    value: builder.add(value, builder.sub(weight, builder.stopGradient(weight))),
    trainables: [
      {
        name: centroidsName(name),
        tensor: trained,
        initial: codebook.centroids,
        learningRateFactor: 1 / Math.max(magnitude, 1e-12),
        sharesKernelStepFactor: true,
      },
    ],
    maximum: granularity.kind === 'channel' ? undefined : sharedMaximum(builder, table, unit, weight.shape.length, codebook),
  };
}

/** Of a channel that a batch norm's zero gamma has silenced: nothing, so that its weights stay zero. */
function reciprocal(scale: number): number {
  return scale === 0 ? 0 : 1 / scale;
}

function meanMagnitude(scales: Float32Array): number {
  return scales.reduce((sum, scale) => sum + Math.abs(scale), 0) / Math.max(scales.length, 1);
}

/** `[channels, clusters]` */
function pinAndRound(builder: ProgramBuilder, trained: Tensor, codebook: Codebook): Tensor {
  let centroids = trained;
  if (codebook.integers === true) {
    const clipped = builder.clip(centroids, -integerLimit, integerLimit);
    centroids = builder.straightThrough(builder.round(clipped), clipped);
  }
  if (codebook.zeroPinned) {
    centroids = builder.mul(
      centroids,
      builder.constant(
        codebook.centroids.map((centroid) => (centroid === 0 ? 0 : 1)),
        trained.shape,
      ),
    );
  }
  return builder.reshape(centroids, [codebook.centroids.length / codebook.clusters, codebook.clusters]);
}

/** The permutation matrix of each row that sorts it, from the ranks: so that gradients find their centroid. */
function ascendingOrder(builder: ProgramBuilder, table: Tensor): Tensor {
  const [channels = 1, clusters = 1] = table.shape;
  const own = builder.reshape(builder.stopGradient(table), [channels, clusters, 1]);
  const others = builder.reshape(builder.stopGradient(table), [channels, 1, clusters]);
  const earlier = builder.constant(
    Uint8Array.from({ length: clusters * clusters }, (_, i) => (i % clusters < Math.floor(i / clusters) ? 1 : 0)),
    [1, clusters, clusters],
  );
  const before = builder.or(builder.less(others, own), builder.and(builder.equal(others, own), earlier));
  const ranks = builder.sum(builder.cast(before, 'float32'), [2], false);
  const places = builder.constant(
    Float32Array.from({ length: clusters }, (_, i) => i),
    [1, clusters, 1],
  );
  return builder.cast(builder.equal(places, builder.reshape(ranks, [channels, 1, clusters])), 'float32');
}

function permuteRows(builder: ProgramBuilder, permutation: Tensor, table: Tensor): Tensor {
  const [channels = 1, clusters = 1] = table.shape;
  return builder.reshape(builder.matmul(permutation, builder.reshape(table, [channels, clusters, 1])), [channels, clusters]);
}

/** Index into the flat table of each element of `[channels, n]`: its channel's offset plus the boundaries that it exceeds. */
function nearestIndices(builder: ProgramBuilder, rows: Tensor, table: Tensor, costs: Tensor | undefined): Tensor {
  const [channels = 1, clusters = 1] = table.shape;
  const offset = builder.constant(
    Float32Array.from({ length: channels }, (_, channel) => channel * clusters),
    [channels, 1],
  );
  const weights = builder.stopGradient(rows);
  const fixed = builder.stopGradient(table);
  const boundaries = lowerBoundaries(builder, fixed, costs);
  let index = builder.add(builder.mul(weights, 0), offset);
  for (let i = 0; i < clusters - 1; i++) {
    index = builder.add(index, builder.cast(builder.greater(weights, builder.slice(boundaries, [0, i], [channels, 1])), 'float32'));
  }
  return builder.cast(index, 'int32');
}

/** `[channels, clusters - 1]`, what `boundaryBetween` gives. */
function lowerBoundaries(builder: ProgramBuilder, table: Tensor, costs: Tensor | undefined): Tensor {
  const [channels = 1, clusters = 1] = table.shape;
  const lower = (rows: Tensor): Tensor => builder.slice(rows, [0, 0], [channels, clusters - 1]);
  const upper = (rows: Tensor): Tensor => builder.slice(rows, [0, 1], [channels, clusters - 1]);
  const [low, high] = [lower(table), upper(table)];
  const midpoints = builder.mul(builder.add(low, high), 0.5);
  if (costs === undefined) return midpoints;
  const gap = builder.sub(high, low);
  const shift = builder.mul(builder.div(builder.sub(upper(costs), lower(costs)), builder.max(gap, 1e-30)), 0.5);
  const margin = builder.mul(gap, leastShare);
  return builder.min(builder.sub(high, margin), builder.max(builder.add(low, margin), builder.add(midpoints, shift)));
}

/** The same values; a gradient arriving at an entry is divided by the number of its members. */
function averaged(builder: ProgramBuilder, entries: Tensor, indices: Tensor): Tensor {
  const [length = 0] = entries.shape;
  const [count = 0] = indices.shape;
  const ones = builder.constant(new Float32Array(count).fill(1), [count, 1]);
  const members = builder.reshape(builder.scatterAdd(length, indices, ones), [length]);
  const share = builder.mul(entries, builder.reciprocal(builder.max(builder.stopGradient(members), 1)));
  return builder.add(builder.stopGradient(entries), builder.sub(share, builder.stopGradient(share)));
}

function sharedMaximum(builder: ProgramBuilder, table: Tensor, unit: Tensor | undefined, rank: number, codebook: Codebook): Tensor {
  const ones = Array.from({ length: rank }, () => 1);
  const largest = codebook.integers === true ? builder.scalar(integerLimit) : builder.maximum(builder.abs(table));
  const maximum = builder.reshape(largest, ones);
  return unit === undefined ? maximum : builder.mul(maximum, builder.abs(unit));
}
