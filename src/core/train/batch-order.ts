import { createRandom, type Random, shuffle } from '../random.ts';

/**
 * The examples that each step reads. Every epoch has its own seeded permutation, so the order is a function of seed and
 * step alone: a resumed run continues without a stored generator state.
 */
export class BatchOrder {
  readonly stepsPerEpoch: number;
  readonly #size: number;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  #permutation: Uint32Array = new Uint32Array(0);

  constructor(size: number, batchSize: number, seed: number) {
    this.#size = size;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.stepsPerEpoch = Math.ceil(size / batchSize);
  }

  /** @param step counts from 1; @returns the epoch, from 0 */
  epochOf(step: number): number {
    return Math.floor((step - 1) / this.stepsPerEpoch);
  }

  /** @param step counts from 1; the last batch of an epoch may be smaller than the others */
  indices(step: number): Uint32Array {
    const epoch = this.epochOf(step);
    if (epoch !== this.#epoch) {
      this.#permutation = shuffle(
        Uint32Array.from({ length: this.#size }, (_, i) => i),
        randomOf(this.#seed, epoch),
      );
      this.#epoch = epoch;
    }
    const start = ((step - 1) % this.stepsPerEpoch) * this.#batchSize;
    return this.#permutation.slice(start, Math.min(start + this.#batchSize, this.#size));
  }
}

/** A generator of its own for each pair of a seed and a number: 2^32 over the golden ratio spreads the numbers apart. */
export function randomOf(seed: number, number: number): Random {
  return createRandom(Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(seed | 0, 0x85ebca6b));
}
