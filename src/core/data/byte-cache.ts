import type { StoredNumbers } from './example-source.ts';

/** Least recently used examples go first once the bytes kept exceed a bound. */
export class ByteCache {
  readonly #entries = new Map<number, StoredNumbers>();
  readonly #capacity: number;
  #bytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: number): StoredNumbers | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    // Map keeps the order of insertion: the first key is the one that was used longest ago.
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(key: number, value: StoredNumbers): void {
    if (value.byteLength > this.#capacity) return;
    this.#bytes += value.byteLength - (this.#entries.get(key)?.byteLength ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#capacity) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.byteLength;
    }
  }
}
