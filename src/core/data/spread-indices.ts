/** `count` indices from all over a set of `size`, in its order: what a set is sorted by is in the sample as it is in the set. */
export function spreadIndices(size: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}
