import type { ActivationStatistics, StatisticsStore } from '../../core/quantize/kept-statistics.ts';

/** Of a MobileNetV2 of width 1 an entry takes 0.14 MB, and a tree has 22 of them. */
const usualBytes = 16e6;

/** Keeps statistics in memory; the oldest go where they become too many, as in a search. */
export class StatisticsMemory implements StatisticsStore {
  readonly #kept = new Map<string, ActivationStatistics>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes = usualBytes) {
    this.#mostBytes = mostBytes;
  }

  load(key: string): Promise<ActivationStatistics | undefined> {
    return Promise.resolve(this.#kept.get(key));
  }

  save(key: string, statistics: ActivationStatistics): Promise<void> {
    this.#remove(key);
    this.#kept.set(key, statistics);
    this.#bytes += bytesOf(statistics);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#remove(oldest);
    }
    return Promise.resolve();
  }

  #remove(key: string): void {
    this.#bytes -= bytesOf(this.#kept.get(key) ?? new Map());
    this.#kept.delete(key);
  }
}

function bytesOf(statistics: ActivationStatistics): number {
  return [...statistics.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
