import type { ChoiceSensitivity } from '../../src/shared/sensitivity.ts';

/** Of a layer with so many weights: half of the bytes go with half of the weights, a half remains with 16 values, a quarter with 8. */
export function layerChoice(elements: number, sparsity: number, clusters: number): ChoiceSensitivity {
  const bytes = elements * (1 - sparsity) * (clusters === 0 ? 1 : clusters / 32);
  return {
    sparsity,
    clusters,
    bits: 8,
    divergence: sparsity ** 2 + (clusters === 0 ? 0 : 1 / clusters),
    measured: true,
    bytes: { raw: elements, gzip: bytes, packed: bytes, ethosU: bytes },
    cycles: {},
  };
}
