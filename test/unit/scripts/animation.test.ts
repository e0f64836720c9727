import { describe, expect, it } from 'vitest';
import { animatedGif } from '../../../scripts/pictures/animation.ts';
import type { Frame } from '../../../scripts/pictures/animation.ts';
import { createRandom } from '../../../src/core/random.ts';

const size = { width: 64, height: 48 };

/** Pixels of noise, as they compress worst. */
function noise(seed: number, milliseconds = 200): Frame {
  const random = createRandom(seed);
  return {
    ...size,
    milliseconds,
    rgba: Uint8Array.from({ length: size.width * size.height * 4 }, (_, i) => (i % 4 === 3 ? 255 : random.next() * 256)),
  };
}

/** Delays of the frames in milliseconds, from the graphic control extensions (GIF89a, section 23). */
function delaysOf(gif: Uint8Array): readonly number[] {
  const delays: number[] = [];
  for (let i = 0; i + 7 < gif.length; i++) {
    if (gif[i] === 0x21 && gif[i + 1] === 0xf9 && gif[i + 2] === 4 && gif[i + 7] === 0) delays.push(10 * (gif[i + 4]! + 256 * gif[i + 5]!));
  }
  return delays;
}

describe('an animated GIF', () => {
  it('has the size, the frames and their times', () => {
    const gif = animatedGif([noise(1, 220), noise(2, 220), noise(3, 4_000)]);
    expect(Buffer.from(gif.subarray(0, 6)).toString('latin1')).toBe('GIF89a');
    expect([gif[6]! + 256 * gif[7]!, gif[8]! + 256 * gif[9]!]).toEqual([64, 48]);
    expect(delaysOf(gif)).toEqual([220, 220, 4_000]);
    expect(gif.at(-1)).toBe(0x3b);
  });

  it('takes next to no space for a frame like the one before', () => {
    const once = animatedGif([noise(1), noise(2)]).length;
    const still = animatedGif([noise(1), noise(2), noise(2), noise(2)]).length;
    expect(still - once).toBeLessThan(400);
  });

  it('is not made of nothing, nor of frames of different sizes', () => {
    expect(() => animatedGif([])).toThrow(/needs a frame/);
    expect(() => animatedGif([noise(1), { ...noise(2), width: 63 }])).toThrow(/not 64x48 and 63x48/);
  });
});
