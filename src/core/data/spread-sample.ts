import type { DataSet } from './dataset.ts';
import { spreadIndices } from './spread-indices.ts';

/** `count` evenly spaced examples of the set, in its order. */
export function spreadSample(data: DataSet, count: number): DataSet {
  const size = Math.min(count, data.size);
  const chosen = spreadIndices(data.size, size);
  return {
    name: data.name,
    size,
    inputShapes: data.inputShapes,
    target: data.target,
    read: (indices) => data.read(indices.map((index) => chosen[index] ?? 0)),
  };
}
