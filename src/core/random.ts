/** A seeded generator of uniform numbers in [0, 1): the only source of randomness in the core, so that a seed fixes a result. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** The generator's state, for checkpoints: `createRandom(state)` goes on from here. */
  state(): number;
}

/** mulberry32: 32 bits of state are enough for shuffles and initialisers, and fit in a checkpoint as one number. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    integer: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    state: () => state,
  };
}

/** Fisher-Yates, in place. */
export function shuffle(values: Uint32Array, random: Random): Uint32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const swapped = values[i] ?? 0;
    values[i] = values[j] ?? 0;
    values[j] = swapped;
  }
  return values;
}
