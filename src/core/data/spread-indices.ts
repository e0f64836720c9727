/** `count` evenly spaced indices of a set of `size`, in its order, so that a sorted set is sampled evenly. */
export function spreadIndices(size: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}
