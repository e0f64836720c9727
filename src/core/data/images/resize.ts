/** An image of bytes, `[h, w, channels]`. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** The part of an image to keep, in pixels (fractions allowed). */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes with a triangle filter that widens with the reduction, so that shrinking averages over all pixels (as in
 * PIL's BILINEAR); enlarging is plain bilinear interpolation with half-pixel centres. Rounded to bytes.
 */
export function resizeImage(
  image: Pixels,
  height: number,
  width: number,
  region: Region = { top: 0, left: 0, height: image.height, width: image.width },
): Pixels {
  const { channels } = image;
  const columns = filterTaps(region.left, region.width, image.width, width);
  const rows = filterTaps(region.top, region.height, image.height, height);
  const wide = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let tap = 0; tap < weights.length; tap++)
          sum += (weights[tap] ?? 0) * (image.data[(y * image.width + first + tap) * channels + c] ?? 0);
        wide[(y * width + x) * channels + c] = sum;
      }
    });
  }
  const data = new Uint8Array(height * width * channels);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < width * channels; x++) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] ?? 0) * (wide[(first + tap) * width * channels + x] ?? 0);
      data[y * width * channels + x] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  });
  return { height, width, channels, data };
}

interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

function filterTaps(start: number, length: number, inputSize: number, outputSize: number): readonly Taps[] {
  const scale = length / outputSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: outputSize }, (_, index) => {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support));
    const end = Math.min(inputSize, Math.ceil(centre + support));
    const weights = Float32Array.from({ length: Math.max(end - first, 1) }, (_, tap) =>
      Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / support),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Grey to colour by repetition, colour to grey by luma (ITU-R BT.601), alpha dropped. */
export function convertChannels(image: Pixels, channels: number): Pixels | undefined {
  if (image.channels === channels) return image;
  const pixels = image.height * image.width;
  const data = new Uint8Array(pixels * channels);
  const from = image.channels;
  if (from === 1 && channels === 3) {
    for (let i = 0; i < pixels; i++) data.fill(image.data[i] ?? 0, i * 3, i * 3 + 3);
  } else if (from === 3 && channels === 1) {
    for (let i = 0; i < pixels; i++)
      data[i] = Math.round(0.299 * (image.data[i * 3] ?? 0) + 0.587 * (image.data[i * 3 + 1] ?? 0) + 0.114 * (image.data[i * 3 + 2] ?? 0));
  } else {
    return undefined;
  }
  return { ...image, channels, data };
}
