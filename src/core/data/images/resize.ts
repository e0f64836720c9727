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
  // Rows that no output reads are left out.
  const top = rows.first[0] ?? 0;
  const bottom = Math.max(...rows.first.map((first, y) => first + (rows.counts[y] ?? 0)));
  const wide = new Float32Array((bottom - top) * width * channels);
  for (let y = top; y < bottom; y++) resizeRow(image, y, columns, wide, (y - top) * width * channels);
  const data = new Uint8Array(height * width * channels);
  const stride = width * channels;
  const sums = new Float64Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const count = rows.counts[y] ?? 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = rows.weights[y * rows.longest + tap] ?? 0;
      const from = ((rows.first[y] ?? 0) + tap - top) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x] ?? 0) + weight * (wide[from + x] ?? 0);
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = Math.min(255, Math.max(0, Math.round(sums[x] ?? 0)));
  }
  return { height, width, channels, data };
}

function resizeRow({ data, width: from, channels }: Pixels, y: number, columns: Taps, into: Float32Array, offset: number): void {
  const { first, counts, weights, longest } = columns;
  for (let x = 0; x < first.length; x++) {
    const count = counts[x] ?? 0;
    const start = (y * from + (first[x] ?? 0)) * channels;
    const at = offset + x * channels;
    if (channels === 3) {
      let [red, green, blue] = [0, 0, 0];
      for (let tap = 0; tap < count; tap++) {
        const weight = weights[x * longest + tap] ?? 0;
        const pixel = start + tap * 3;
        red += weight * (data[pixel] ?? 0);
        green += weight * (data[pixel + 1] ?? 0);
        blue += weight * (data[pixel + 2] ?? 0);
      }
      into[at] = red;
      into[at + 1] = green;
      into[at + 2] = blue;
      continue;
    }
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let tap = 0; tap < count; tap++) sum += (weights[x * longest + tap] ?? 0) * (data[start + tap * channels + c] ?? 0);
      into[at + c] = sum;
    }
  }
}

/** What each output is a weighted mean of: `counts[i]` inputs from `first[i]` on, with weights from `i * longest` on. */
interface Taps {
  readonly first: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float32Array;
  readonly longest: number;
}

function filterTaps(start: number, length: number, inputSize: number, outputSize: number): Taps {
  const scale = length / outputSize;
  const support = Math.max(scale, 1);
  const longest = Math.ceil(2 * support) + 2;
  const taps = {
    first: new Int32Array(outputSize),
    counts: new Int32Array(outputSize),
    weights: new Float32Array(outputSize * longest),
    longest,
  };
  for (let index = 0; index < outputSize; index++) {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support));
    const count = Math.max(Math.min(inputSize, Math.ceil(centre + support)) - first, 1);
    const weights = taps.weights.subarray(index * longest, index * longest + count);
    for (let tap = 0; tap < count; tap++) weights[tap] = Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / support);
    let sum = 0;
    for (const weight of weights) sum += weight;
    for (let tap = 0; tap < count; tap++) weights[tap] = (weights[tap] ?? 0) / sum;
    taps.first[index] = first;
    taps.counts[index] = count;
  }
  return taps;
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
