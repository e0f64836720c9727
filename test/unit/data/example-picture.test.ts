import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { melSpectrogram } from '../../../src/core/data/audio/spectrogram.ts';
import { encodePng, longestSide, pictureOf } from '../../../src/core/data/pictures/example-picture.ts';
import type { InputSteps, SoundSteps } from '../../../src/core/data/preprocessing/input-steps.ts';

const plain = { scale: [1], offset: [0] };
const tensorSteps = (inputShape: readonly number[]): InputSteps => ({ kind: 'tensor', inputShape, ...plain });
const sampleRate = 16_000;
const soundSteps: SoundSteps = { kind: 'sound', inputShape: [49, 10, 1], sampleRate, samples: sampleRate, mfcc: undefined, ...plain };

function tone(hertz: number): Float32Array {
  return Float32Array.from({ length: sampleRate }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / sampleRate));
}

describe('the spectrogram of a sound', () => {
  it('is brightest in the band of a pure tone, in every frame', () => {
    const { frames, bands, levels } = melSpectrogram(tone(1_000), { sampleRate, samples: sampleRate });
    expect([frames, bands]).toEqual([49, 40]);
    // HTK mel of 1 kHz is 1000; 40 bands of equal width between 20 Hz (32 mel) and 4 kHz (2146 mel): its band is 18 from 0.
    const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);
    const band = Math.round((mel(1_000) - mel(20)) / ((mel(4_000) - mel(20)) / 41)) - 1;
    for (let t = 0; t < frames; t++) {
      const column = Array.from({ length: bands }, (_, index) => levels[index * frames + t] ?? 0);
      expect(column.indexOf(Math.max(...column))).toBe(band);
    }
    expect(Math.max(...levels)).toBe(1);
  });

  it('of silence is dark', () => {
    const { levels } = melSpectrogram(new Float32Array(sampleRate), { sampleRate, samples: sampleRate });
    expect(new Set(levels)).toEqual(new Set([0]));
  });

  it('has high notes at the top', () => {
    const rowOf = (hertz: number): number => {
      const picture = pictureOf({ kind: 'sound', sampleRate, samples: tone(hertz) }, soundSteps);
      const data = picture?.data ?? new Uint8Array();
      return Math.floor(data.indexOf(Math.max(...data)) / (picture?.width ?? 1));
    };
    expect(rowOf(3_000)).toBeLessThan(rowOf(300));
  });
});

describe('the picture of an example', () => {
  it('of an image is the image, made smaller where it is large', () => {
    const small = { kind: 'image', shape: [2, 3, 3], data: Uint8Array.from({ length: 18 }, (_, i) => i) } as const;
    expect(pictureOf(small, tensorSteps([2, 3, 3]))).toEqual({ height: 2, width: 3, channels: 3, data: small.data });
    const large = { kind: 'image', shape: [300, 600, 1], data: new Uint8Array(180_000).fill(77) } as const;
    const picture = pictureOf(large, tensorSteps([300, 600, 1]));
    expect([picture?.height, picture?.width]).toEqual([longestSide / 2, longestSide]);
    expect(new Set(picture?.data)).toEqual(new Set([77]));
  });

  it('of an array goes from its least value to its greatest, in the shape of the file or of the model', () => {
    const data = Float32Array.from({ length: 16 }, (_, i) => i - 5);
    const expected = Uint8Array.from({ length: 16 }, (_, i) => Math.round((255 * i) / 15));
    for (const [shape, input] of [
      [[4, 4], [16]],
      [[16], [4, 4, 1]],
    ] as const)
      expect(pictureOf({ kind: 'tensor', shape, data }, tensorSteps(input))).toEqual({ height: 4, width: 4, channels: 1, data: expected });
    expect(pictureOf({ kind: 'tensor', shape: [16], data }, tensorSteps([16]))).toBeUndefined();
    expect(pictureOf({ kind: 'tensor', shape: [4, 4], data: new Float32Array(16).fill(3) }, tensorSteps([4, 4]))?.data).toEqual(
      new Uint8Array(16),
    );
  });

  it.each([1, 3])('survives the way through PNG with %d channels', (channels) => {
    const data = Uint8Array.from({ length: 4 * 5 * channels }, (_, i) => (i * 13) % 256);
    const png = PNG.sync.read(Buffer.from(encodePng({ height: 4, width: 5, channels, data })));
    expect([png.height, png.width]).toEqual([4, 5]);
    const read = Array.from({ length: 20 }, (_, pixel) => [...png.data.subarray(pixel * 4, pixel * 4 + channels)]).flat();
    expect(Uint8Array.from(read)).toEqual(data);
  });
});
