import type { DataSet } from '../data/dataset.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import { compileInference } from '../lowering/inference.ts';
import type { LoweredValue } from '../lowering/lowered-value.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { keptStatistics, type StatisticsStore } from './kept-statistics.ts';
import { createRangeObserver, extentOfValues, type Observer, type RangeObserver } from './observers.ts';
import { planActivations, type ActivationGroup } from './plan-activations.ts';
import type { Range } from './quantization.ts';

export interface Calibration {
  readonly engine: Engine;
  /** As `prepareForDeployment` gave it. */
  readonly network: Network;
  /** The representative data; examples spread over all of it are read, since files often lie sorted by class. */
  readonly data: DataSet;
  /** At most this many examples. */
  readonly samples: number;
  /** Default: minimum and maximum. */
  readonly observer?: Observer | undefined;
  /** Ranges of values that need no calibration, as a model that was quantized before states them. */
  readonly known?: ReadonlyMap<ValueId, Range> | undefined;
  /** Where the same may have been measured before. */
  readonly statistics?: StatisticsStore | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

/** What a moving average sees at once. */
const batchSize = 32;
/** Of a run. */
const memoryBytes = 400e6;

/**
 * Runs the float network over representative data and observes the range of every group of the activation plan that
 * has neither a prescribed nor a known one. The ranges are keyed by the groups' ids and include zero.
 *
 * @throws EspalierError `invalid-data` when there is no data or a value is not finite; `cancelled`.
 */
export async function calibrate(calibration: Calibration): Promise<ReadonlyMap<ValueId, Range>> {
  const { engine, network, data, samples, observer, known, statistics } = calibration;
  const settings = { observer, known: [...(known ?? [])] };
  const ranges = await keptStatistics(statistics, { kind: 'ranges', engine, network, data, samples, settings }, async () => {
    const measured = await measureRanges(calibration);
    return new Map([...measured].map(([id, { minimum, maximum }]) => [id, Float64Array.of(minimum, maximum)]));
  });
  return new Map([...ranges].map(([id, [minimum = 0, maximum = 0]]) => [id, { minimum, maximum }]));
}

async function measureRanges(calibration: Calibration): Promise<ReadonlyMap<ValueId, Range>> {
  const { engine, network, data, signal, onProgress } = calibration;
  const samples = Math.min(calibration.samples, data.size);
  if (samples < 1)
    throw new EspalierError('invalid-data', 'calibration needs at least one example', {
      where: `data "${data.name}"`,
      fix: 'give a representative data set',
    });
  const free = planActivations(network).groups.filter((group) => group.fixed === undefined);
  const known = knownRanges(free, calibration.known);
  const observed = free.filter(({ id }) => !known.has(id));
  if (observed.length === 0) return known;
  const outputs = [...new Set(observed.flatMap((group) => group.sources))];
  const observer = calibration.observer ?? { kind: 'minMax' };
  const observers = new Map(
    observed.map(({ id, values, type }) => {
      // An output may be a quantity of which the largest values count most; logits before a softmax may be clipped. The
      // codes of int16 lie so close that clipping gains nothing.
      const keepsAll = observer.kind === 'squaredError' && (type === 'int16' || values.some((value) => network.outputs.includes(value)));
      return [id, createRangeObserver(keepsAll ? { kind: 'minMax' } : observer)];
    }),
  );
  const observerOf = (source: ValueId): RangeObserver[] =>
    observed.flatMap(({ id, sources }) => (sources.includes(source) ? (observers.get(id) ?? []) : []));
  const extents = new Set(outputs.filter((source) => observerOf(source).every(({ sees }) => sees === 'extents')));
  const indices = spreadIndices(data.size, samples);
  const inference = await compileInference(engine, network, Math.min(batchSize, samples), {
    outputs,
    give: (builder, id, value, examples) => (extents.has(id) ? extentOf(builder, value, examples) : value.batchMajor),
    memoryBytes,
  });
  try {
    for (let start = 0; start < samples; start += batchSize) {
      // A moving average takes a step for each batch, however many examples fit into memory at once.
      const seen = new Map<ValueId, Range>();
      for (let first = start; first < Math.min(start + batchSize, samples); first += inference.batchSize) {
        if (signal.aborted) throw new EspalierError('cancelled', 'calibration was cancelled');
        const size = Math.min(inference.batchSize, start + batchSize - first, samples - first);
        const batch = await data.read(indices.slice(first, first + size));
        const results = await inference.borrow(batch.inputs, size);
        outputs.forEach((source, i) => {
          const values = results[i] ?? new Float32Array(0);
          const extent = extents.has(source) ? joinedExtent(values) : extentOfValues(values);
          requireFinite(extent, source);
          const before = seen.get(source);
          seen.set(source, before === undefined ? extent : union(before, extent));
          for (const each of observerOf(source)) if (each.sees === 'values') each.observe(values, extent);
        });
        onProgress?.((first + size) / samples);
      }
      for (const [source, extent] of seen) for (const each of observerOf(source)) if (each.sees === 'extents') each.observe(extent);
    }
  } finally {
    await inference.dispose();
  }
  return new Map([...known, ...[...observers].map(([id, observer]) => [id, observer.range()] as const)]);
}

/** Minimum, maximum and sum of each example's values: `[batchSize, 3]`. The sum is not finite where a value is not. */
function extentOf(builder: ProgramBuilder, value: LoweredValue, examples: number): Tensor {
  const isChannelsMajor = value.layout === 'channelsMajor';
  const shape = isChannelsMajor ? [value.channels, examples, value.positions] : [examples, value.channels * value.positions];
  const tensor = builder.reshape(value.tensor, shape);
  const axes = isChannelsMajor ? [0, 2] : [1];
  const columns = [builder.minimum(tensor, axes), builder.maximum(tensor, axes), builder.sum(tensor, axes)];
  return builder.concat(
    columns.map((column) => builder.reshape(column, [examples, 1])),
    1,
  );
}

/** @param extents `[n, 3]`, as `extentOf` gives them */
function joinedExtent(extents: Float32Array): Range {
  let joined: Range = { minimum: Infinity, maximum: -Infinity };
  for (let i = 0; i < extents.length; i += 3) {
    const [minimum = NaN, maximum = NaN, sum = NaN] = extents.subarray(i, i + 3);
    if (!Number.isFinite(sum)) return { minimum: NaN, maximum: NaN };
    joined = union(joined, { minimum, maximum });
  }
  return joined;
}

function union(a: Range, b: Range): Range {
  return { minimum: Math.min(a.minimum, b.minimum), maximum: Math.max(a.maximum, b.maximum) };
}

/** How many ranges need no calibration, to be said; undefined where none is known. */
export function statedRanges(network: Network, known: ReadonlyMap<ValueId, Range> | undefined): string | undefined {
  const free = planActivations(network).groups.filter((group) => group.fixed === undefined);
  const count = knownRanges(free, known).size;
  return count === 0 ? undefined : `${count} of ${free.length} ranges of activations are those that the model states`;
}

/** The ranges of all activations where each is known, so that nothing has to be calibrated; else how many are not. */
export function knownThroughout(
  network: Network,
  known: ReadonlyMap<ValueId, Range> | undefined,
): { readonly ranges: ReadonlyMap<ValueId, Range>; readonly missing: number } {
  const free = planActivations(network).groups.filter((group) => group.fixed === undefined);
  const ranges = knownRanges(free, known);
  return { ranges, missing: free.length - ranges.size };
}

/**
 * The groups all of whose sources have a known range, with the range of them all.
 *
 * @param groups of the activation plan
 */
function knownRanges(groups: readonly ActivationGroup[], known: ReadonlyMap<ValueId, Range> = new Map()): ReadonlyMap<ValueId, Range> {
  const result = new Map<ValueId, Range>();
  for (const { id, sources } of groups) {
    const ranges = sources.flatMap((source) => known.get(source) ?? []);
    if (ranges.length === 0 || ranges.length < sources.length) continue;
    const minimum = Math.min(0, ...ranges.map((range) => range.minimum));
    const maximum = Math.max(0, ...ranges.map((range) => range.maximum));
    if (Number.isFinite(minimum) && Number.isFinite(maximum)) result.set(id, { minimum, maximum });
  }
  return result;
}

function requireFinite({ minimum, maximum }: Range, source: ValueId): void {
  if (!Number.isFinite(maximum - minimum)) {
    throw new EspalierError('invalid-data', 'the value is NaN or infinite during calibration', {
      where: `value "${source}"`,
      fix: 'check the weights and the range of the input data',
    });
  }
}
