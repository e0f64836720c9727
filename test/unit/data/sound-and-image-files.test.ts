/** Every kind of sample and pixel that WAV, PNG and JPEG files hold. */
import { describe, expect, it } from 'vitest';
import { decodeWav } from '../../../src/core/data/audio/decode-wav.ts';
import { decodeImage } from '../../../src/core/data/images/decode-image.ts';
import { quadrantImages } from '../fixtures/quadrant-images.ts';
import { type WavOptions, type WavSamples, wavFile } from '../fixtures/wav.ts';

const types: readonly WavSamples[] = ['8', '16', '24', '32', 'float32', 'float64'];
const samples = [0, 0.5, -0.5, 0.25, -1, 0.75, 0.125, -0.125];
const forms: readonly (readonly [string, WavOptions])[] = [
  ['one channel', {}],
  ['an extended header', { extensible: true }],
  ['a chunk before the data', { note: 'odd' }],
];

/** 8-bit files have 256 levels; one level of inaccuracy is theirs, not ours. */
const close = (type: WavSamples): number => (type === '8' ? 1 / 256 : 1e-4);

describe.each(types)('WAV of %s', (type) => {
  it.each(forms)('%s', (_, options) => {
    const { samples: read, sampleRate } = decodeWav(wavFile(samples, type, { sampleRate: 22_050, ...options }), 'a.wav');
    expect(sampleRate).toBe(22_050);
    expect(read).toHaveLength(samples.length);
    samples.forEach((sample, i) => expect(Math.abs((read[i] ?? NaN) - sample)).toBeLessThanOrEqual(close(type)));
  });

  it('two channels are averaged', () => {
    const left = [0.5, -0.5, 0.25];
    const right = [0.25, -0.25, -0.25];
    const { samples: read } = decodeWav(
      wavFile(
        left.flatMap((sample, i) => [sample, right[i]!]),
        type,
        { channels: 2 },
      ),
      'a.wav',
    );
    expect(read).toHaveLength(3);
    [0.375, -0.375, 0].forEach((sample, i) => expect(Math.abs((read[i] ?? NaN) - sample)).toBeLessThanOrEqual(close(type)));
  });
});

it('all types of samples have the same loudness', () => {
  const energy = types.map((type) => decodeWav(wavFile(samples, type), 'a.wav').samples.reduce((sum, value) => sum + value ** 2, 0));
  for (const value of energy) expect(Math.abs(value - energy[4]!)).toBeLessThan(0.03);
});

const colours = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [250, 240, 10],
];
const greys = [[0], [85], [170], [255]];

describe('images', () => {
  it.each(Object.entries(quadrantImages))('%s', async (name, base64) => {
    const image = await decodeImage(new Uint8Array(Buffer.from(base64, 'base64')), name);
    const isJpeg = name.startsWith('JPEG');
    const grey = name.includes('1 bit') ? [[0], [0], [255], [255]] : greys;
    // JPEG files always have three channels.
    const expected = !name.includes('grey') ? colours : isJpeg ? greys.map(([value]) => [value, value, value]) : grey;
    expect(image.channels).toBe(expected[0]!.length);
    expected.forEach((colour, quadrant) => {
      const [y, x] = [quadrant < 2 ? 2 : image.height - 3, quadrant % 2 === 0 ? 2 : image.width - 3];
      const start = (y * image.width + x) * image.channels;
      colour.forEach((value, c) => expect(Math.abs(image.data[start + c]! - value!)).toBeLessThanOrEqual(isJpeg ? 1 : 0));
    });
  });

  it.each(Object.entries(quadrantImages))('%s, cut short at any place, is an error that names the file', async (_, base64) => {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    for (const length of [0, 1, 20, bytes.length / 2, bytes.length * 0.8, bytes.length - 3].map(Math.floor)) {
      await expect(decodeImage(bytes.slice(0, length), 'folder/a.png'), `${length} bytes`).rejects.toThrow(
        /^folder\/a\.png: the image cannot be decoded \((?!.*read requests).+\); replace or remove the file, or set "unreadable": "skip"/,
      );
    }
  });
});
