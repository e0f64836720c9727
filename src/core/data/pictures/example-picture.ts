/** Small pictures of examples, to look at what a model gets wrong. */
import { PNG } from 'pngjs';
import { resample } from '../audio/resample.ts';
import { melSpectrogram } from '../audio/spectrogram.ts';
import type { Example, Sound, StoredNumbers } from '../example-source.ts';
import { resizeImage, type Pixels } from '../images/resize.ts';
import type { InputSteps, SoundSteps } from '../preprocessing/input-steps.ts';

/** Longest side, in pixels: readable on a fine screen, and small enough to send two dozen. */
export const longestSide = 128;
/** An array with a shorter side is a row of values, not a picture. */
const shortestSide = 4;

/**
 * The example before preprocessing, at most `longestSide` on each side: an image as it is, a sound as its spectrogram, an
 * array of two dimensions with its values from dark to bright. Undefined for other arrays and rows of tables.
 *
 * @param steps what the model is given of the example
 */
export function pictureOf(example: Example, steps: InputSteps): Pixels | undefined {
  switch (example.kind) {
    case 'image': {
      const [height, width, channels] = example.shape;
      return channels === 1 || channels === 3 ? fitted({ height, width, channels, data: example.data }) : undefined;
    }
    case 'sound':
      return steps.kind === 'sound' ? soundPicture(example, steps) : undefined;
    case 'tensor': {
      const shape = [example.shape, steps.inputShape].find(isPictureShape);
      return shape === undefined ? undefined : arrayPicture(example.data, shape);
    }
  }
}

/** As a PNG in grey or colour. */
export function encodePng({ height, width, channels, data }: Pixels): Uint8Array {
  const png = new PNG({ width, height });
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [r = 0, g = r, b = r] = data.subarray(pixel * channels, (pixel + 1) * channels);
    png.data.set([r, g, b, 255], pixel * 4);
  }
  return PNG.sync.write(png, { colorType: channels === 1 ? 0 : 2 });
}

function fitted(image: Pixels): Pixels {
  const scale = longestSide / Math.max(image.height, image.width);
  if (scale >= 1) return image;
  return resizeImage(image, Math.max(1, Math.round(image.height * scale)), Math.max(1, Math.round(image.width * scale)));
}

function soundPicture(sound: Sound, { sampleRate, samples, mfcc }: SoundSteps): Pixels {
  const waveform = new Float32Array(samples);
  waveform.set(resample(sound.samples, sound.sampleRate, sampleRate).subarray(0, samples));
  const { frames, bands, levels } = melSpectrogram(waveform, {
    // Bands that end below half the rate, where the recipe does not say: 4 kHz is too much of a rate of 4,000.
    ...(mfcc ?? { maximumHertz: Math.min(8_000, sampleRate / 2) }),
    sampleRate,
    samples,
  });
  const data = new Uint8Array(frames * bands);
  // High notes are at the top.
  for (let band = 0; band < bands; band++)
    for (let t = 0; t < frames; t++) data[(bands - 1 - band) * frames + t] = Math.round(255 * (levels[band * frames + t] ?? 0));
  return fitted({ height: bands, width: frames, channels: 1, data });
}

function isPictureShape(shape: readonly number[]): boolean {
  const [height = 0, width = 0, channels = 1] = shape;
  return shape.length >= 2 && shape.length <= 3 && (channels === 1 || channels === 3) && Math.min(height, width) >= shortestSide;
}

/** From the least value of the example, black, to its greatest, white. */
function arrayPicture(values: StoredNumbers, [height = 0, width = 0, channels = 1]: readonly number[]): Pixels | undefined {
  if (values.length !== height * width * channels) return undefined;
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const range = greatest - least;
  const data = Uint8Array.from(values, (value) => (range > 0 ? Math.round((255 * (value - least)) / range) : 0));
  return fitted({ height, width, channels, data });
}
