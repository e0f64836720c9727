import { describe, expect, it } from 'vitest';
import { betweenFits, type FitFigures } from '../../../src/core/sensitivity/between-fits.ts';

/** 1,000 bytes of which zeros take none, and bits of a value their part of 8; errors of 10^(zeros + bits that are missing). */
function fit(sparsity: number, clusters: number): FitFigures {
  const bits = clusters === 0 ? 8 : Math.log2(clusters);
  const bytes = 1000 * (1 - sparsity) * (bits / 8);
  return {
    choice: { sparsity, clusters, bits: 8 },
    error: 10 ** (sparsity + 8 - bits),
    bytes: { raw: 1000, gzip: bytes, packed: bytes / 2, ethosU: bytes / 4 },
  };
}

const fits = [0, 0.5, 0.9].flatMap((sparsity) => [0, 16, 4].map((clusters) => fit(sparsity, clusters)));

describe('a choice between those that a kernel was fitted to', () => {
  it('takes its bytes and error from its neighbours', () => {
    // Bytes are linear in zeros and in bits, logarithms of errors too: so the figures are those of a fit.
    for (const [sparsity, clusters] of [
      [0.7, 16],
      [0.5, 8],
      [0.7, 32],
      [0.2, 8],
    ] as const) {
      const { error, bytes } = betweenFits({ sparsity, clusters, bits: 8 }, fits)!;
      const expected = fit(sparsity, clusters);
      expect(error / expected.error).toBeCloseTo(1, 9);
      for (const count of ['raw', 'gzip', 'packed', 'ethosU'] as const) expect(bytes[count]).toBeCloseTo(expected.bytes[count], 9);
    }
    // 1000 * 0.3 * 5 / 8
    expect(betweenFits({ sparsity: 0.7, clusters: 32, bits: 8 }, fits)!.bytes.gzip).toBeCloseTo(187.5, 9);
  });

  it('is a fit itself where it is one, and nothing outside of them', () => {
    expect(betweenFits({ sparsity: 0.5, clusters: 16, bits: 8 }, fits)).toEqual(fit(0.5, 16));
    expect(betweenFits({ sparsity: 0.95, clusters: 0, bits: 8 }, fits)).toBeUndefined();
    expect(betweenFits({ sparsity: 0.5, clusters: 2, bits: 8 }, fits)).toBeUndefined();
    expect(betweenFits({ sparsity: 0, clusters: 0, bits: 4 }, fits)).toBeUndefined();
  });
});
