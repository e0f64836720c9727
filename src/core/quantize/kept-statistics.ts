/**
 * Statistics of activations that the stages of a run share. Stages that come from one parent measure the same network on
 * the same examples: quantization after training, and preserving quantization-aware training, which compares itself with it.
 */
import { createHash } from 'node:crypto';
import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network, ValueId } from '../network/network.ts';

/** A few numbers of each value. */
export type ActivationStatistics = ReadonlyMap<ValueId, Float64Array>;

/** Where they are kept: of one model with its data, in one run. */
export interface StatisticsStore {
  load(key: string): Promise<ActivationStatistics | undefined>;
  save(key: string, statistics: ActivationStatistics): Promise<void>;
}

export interface Measured {
  readonly kind: 'ranges' | 'channel means';
  /** Its description counts: other engines and numbers of threads round differently. */
  readonly engine: Engine;
  readonly network: Network;
  readonly data: DataSet;
  readonly samples: number;
  /** All else that the numbers follow from, as plain data. */
  readonly settings: object;
}

/** What an earlier stage measured of the same content, or what is measured now. What fails or is cancelled is not kept. */
export async function keptStatistics(
  store: StatisticsStore | undefined,
  measured: Measured,
  measure: () => Promise<ActivationStatistics>,
): Promise<ActivationStatistics> {
  if (store === undefined) return measure();
  const key = keyOf(measured);
  const found = await store.load(key);
  if (found !== undefined) return found;
  const statistics = await measure();
  await store.save(key, statistics);
  return statistics;
}

function keyOf({ kind, engine, network, data, samples, settings }: Measured): string {
  const { inputs, outputs, operations, values, parameters } = network;
  const hash = createHash('sha256');
  const examples = { name: data.name, size: data.size, samples };
  const structure = { inputs, outputs, operations, values: [...values] };
  hash.update(JSON.stringify({ kind, engine: engine.description, examples, settings, structure }));
  for (const [id, { shape, data: weights }] of parameters) {
    hash.update(JSON.stringify([id, shape]));
    hash.update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  }
  return hash.digest('hex');
}
