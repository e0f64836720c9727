import { describe, expect, it } from 'vitest';
import { thin } from '../../../src/shared/drawing/thin.ts';

describe('thinning', () => {
  it('keeps a short list as it is', () => {
    const short = [3, 1, 2];
    expect(thin(short, 3)).toBe(short);
  });

  it('takes the first, the last, and evenly what is between', () => {
    expect(thin([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3)).toEqual([0, 5, 10]);
    const long = thin(
      Array.from({ length: 10_000 }, (_, index) => index),
      250,
    );
    expect(long).toHaveLength(250);
    expect([long[0], long.at(-1)]).toEqual([0, 9_999]);
  });
});
