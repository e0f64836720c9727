/** Masks with a structure that hardware can use: N:M groups and blocks. Kernels are in TFLite's layout. */
import { keptCount, kthLargest } from './magnitude-masks.ts';

/**
 * Removes `zeros` of each `group` weights in a row of the last axis (C_in of conv2d and dense), the smallest. A last
 * group that is shorter counts as if filled up with zeros, so it keeps at least `group - zeros` of what it has.
 * Mishra et al. 2021, arXiv:2104.08378.
 */
export function groupMask(weights: Float32Array, shape: readonly number[], zeros: number, group: number): Uint8Array {
  const row = shape.at(-1) ?? 1;
  const mask = new Uint8Array(weights.length);
  for (let begin = 0; begin < weights.length; begin += row) {
    for (let start = begin; start < begin + row; start += group) {
      const members = Array.from({ length: Math.min(group, begin + row - start) }, (_, i) => start + i);
      members.sort((a, b) => Math.abs(weights[b] ?? 0) - Math.abs(weights[a] ?? 0) || a - b);
      for (const i of members.slice(0, group - zeros)) mask[i] = 1;
    }
  }
  return mask;
}

export interface Block {
  /** Along output channels and along the rest of the kernel, `[rows, columns]` of the kernel as a matrix `[out, elements]`. */
  readonly size: readonly [number, number];
  readonly pooling: 'average' | 'max';
}

/** Blocks of `[rows, columns]` of a kernel as a matrix `[out, elements]`, those cut off at the edge included. */
export function countBlocks(shape: readonly number[], [height, width]: Block['size']): number {
  const rows = shape[0] ?? 1;
  const columns = shape.slice(1).reduce((product, length) => product * length, 1);
  return Math.ceil(rows / height) * Math.ceil(columns / width);
}

/** Keeps or removes whole blocks, ranked by the average or largest |w| in them; blocks at the edge are cut off. */
export function blockMask(weights: Float32Array, shape: readonly number[], sparsity: number, { size, pooling }: Block): Uint8Array {
  const rows = shape[0] ?? 1;
  const columns = weights.length / rows;
  const [height, width] = size;
  const across = Math.ceil(columns / width);
  const blockOf = (index: number): number =>
    Math.floor(Math.floor(index / columns) / height) * across + Math.floor((index % columns) / width);
  const blocks = countBlocks(shape, size);
  const score = new Float32Array(blocks);
  const members = new Uint32Array(blocks);
  weights.forEach((weight, i) => {
    const block = blockOf(i);
    const magnitude = Math.abs(weight);
    score[block] = pooling === 'max' ? Math.max(score[block] ?? 0, magnitude) : (score[block] ?? 0) + magnitude;
    members[block] = (members[block] ?? 0) + 1;
  });
  if (pooling === 'average')
    score.forEach((sum, block) => {
      score[block] = sum / (members[block] ?? 1);
    });

  const kept = keptCount(blocks, sparsity);
  const threshold = kthLargest(score, kept);
  let ties = kept - score.filter((value) => value > threshold).length;
  const keep = score.map((value) => (value > threshold || (value === threshold && ties-- > 0) ? 1 : 0));
  return Uint8Array.from(weights, (_, i) => keep[blockOf(i)] ?? 0);
}
