const bins = 8192;

/** Counts around zero, in bins whose width doubles when a value falls outside, so that memory stays bounded. */
export class Histogram {
  #counts = new Float64Array(bins);
  /** Bins reach from `-limit` to `limit`. */
  #limit = 0;

  get counts(): Float64Array {
    return this.#counts;
  }

  /** @param largest absolute value */
  add(values: Float32Array, largest: number): void {
    this.#grow(Math.max(largest, Number.MIN_VALUE));
    const counts = this.#counts;
    const limit = this.#limit;
    const scale = bins / (2 * limit);
    const { length } = values;
    for (let i = 0; i < length; i++) {
      // Never negative, so that this rounds down.
      const bin = (((values[i] ?? 0) + limit) * scale) | 0;
      const within = bin < bins ? bin : bins - 1;
      counts[within] = (counts[within] ?? 0) + 1;
    }
  }

  /** Where a bin begins. */
  edge(bin: number): number {
    return (bin / bins) * 2 * this.#limit - this.#limit;
  }

  /** The value in the middle of a bin. */
  center(bin: number): number {
    return (this.edge(bin) + this.edge(bin + 1)) / 2;
  }

  #grow(needed: number): void {
    if (this.#limit === 0) this.#limit = needed;
    while (this.#limit < needed) {
      const halved = new Float64Array(bins);
      this.#counts.forEach((count, i) => {
        const at = bins / 4 + (i >> 1);
        halved[at] = (halved[at] ?? 0) + count;
      });
      this.#counts = halved;
      this.#limit *= 2;
    }
  }
}
