import { resizeKernel } from './resize-kernel.ts';

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
  const rows = filterTaps(region.top, region.height, image.height, height);
  const columns = filterTaps(region.left, region.width, image.width, width);
  const data = new Uint8Array(height * width * image.channels);
  resizeColumns(image, rows, columns, data, 0, width);
  return { height, width, channels: image.channels, data };
}

/** Memory for the rows of one output; more is halved, so that it stays bounded for images of a few very long rows. */
const mostStripBytes = 32e6;

/** @param output whose columns from `start` to `end` are written */
function resizeColumns(image: Pixels, rows: Taps, columns: Taps, output: Uint8Array, start: number, end: number): void {
  const { channels } = image;
  const left = columns.first[start] ?? 0;
  const right = (columns.first[end - 1] ?? 0) + (columns.counts[end - 1] ?? 0);
  const stride = (right - left) * channels;
  if (end - start > 1 && stride * (rows.longest + 4) > mostStripBytes) {
    const middle = (start + end) >> 1;
    resizeColumns(image, rows, columns, output, start, middle);
    resizeColumns(image, rows, columns, output, middle, end);
    return;
  }
  const width = end - start;
  // The kernel reads and writes up to 16 values more than it needs.
  const sizes = [8 * width, 4 * width * columns.longest, 4 * rows.longest, 4 * stride, width * channels, rows.longest * stride];
  const places = [0];
  for (const size of sizes) places.push(Math.ceil(((places.at(-1) ?? 0) + size) / 16 + 4) * 16);
  const [taps = 0, columnWeights = 0, rowWeights = 0, sums = 0, means = 0, strip = 0, bytes = 0] = places;
  const { memory, call } = resizeKernel(bytes);
  const inMemory = new Uint8Array(memory.buffer);
  const tapsInMemory = new Int32Array(memory.buffer, taps, 2 * width);
  for (let x = 0; x < width; x++) {
    tapsInMemory[2 * x] = (columns.first[start + x] ?? 0) - left;
    tapsInMemory[2 * x + 1] = columns.counts[start + x] ?? 0;
  }
  new Float32Array(memory.buffer, columnWeights).set(columns.weights.subarray(start * columns.longest, end * columns.longest));
  const rowWeightsInMemory = new Float32Array(memory.buffer, rowWeights, rows.longest);
  for (let y = 0; y < rows.first.length; y++) {
    const count = rows.counts[y] ?? 0;
    const first = ((rows.first[y] ?? 0) * image.width + left) * channels;
    // Whole rows lie one behind the other.
    const [pieces, length] = right - left === image.width ? [1, count * stride] : [count, stride];
    for (let piece = 0; piece < pieces; piece++) {
      const from = first + piece * image.width * channels;
      inMemory.set(image.data.subarray(from, from + length), strip + piece * stride);
    }
    rowWeightsInMemory.set(rows.weights.subarray(y * rows.longest, (y + 1) * rows.longest));
    call('weightedRows', strip, stride, count, rowWeights, sums);
    // Four channels at a time; the last four overlap with those before.
    for (let channel = 0; ; channel = Math.min(channel + 4, channels - 4)) {
      call('weightedColumns', sums + 4 * channel, channels, taps, columnWeights, 4 * columns.longest, means + channel, width);
      if (channel + 4 >= channels) break;
    }
    output.set(inMemory.subarray(means, means + width * channels), (y * columns.first.length + start) * channels);
  }
}

/** What each output is a weighted mean of: `counts[i]` inputs from `first[i]` on, with weights from `i * longest` on. */
interface Taps {
  readonly first: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float32Array;
  readonly longest: number;
}

function filterTaps(from: number, length: number, inputSize: number, outputSize: number): Taps {
  const scale = length / outputSize;
  const support = Math.max(scale, 1);
  const longest = Math.ceil(2 * support) + 2;
  const weights = new Float32Array(outputSize * longest);
  const taps = { first: new Int32Array(outputSize), counts: new Int32Array(outputSize), weights, longest };
  for (let index = 0; index < outputSize; index++) {
    const centre = from + (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support));
    const count = Math.max(Math.min(inputSize, Math.ceil(centre + support)) - first, 1);
    const start = index * longest;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / support);
      weights[start + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) weights[start + tap] = (weights[start + tap] ?? 0) / sum;
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
    for (let i = 0; i < pixels; i++) {
      const grey = image.data[i] ?? 0;
      data[i * 3] = grey;
      data[i * 3 + 1] = grey;
      data[i * 3 + 2] = grey;
    }
  } else if (from === 3 && channels === 1) {
    for (let i = 0; i < pixels; i++)
      data[i] = Math.round(0.299 * (image.data[i * 3] ?? 0) + 0.587 * (image.data[i * 3 + 1] ?? 0) + 0.114 * (image.data[i * 3 + 2] ?? 0));
  } else {
    return undefined;
  }
  return { ...image, channels, data };
}
