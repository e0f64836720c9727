import type { InputSteps } from '../../core/data/preprocessing/input-steps.ts';

/**
 * `preprocess.js`: the pipelines of training as an ES module, for browsers and Node. What they do to each input stands in
 * it as data; the arithmetic is that of the training, number for number.
 */
export function preprocessModule(steps: readonly InputSteps[]): string {
  return `// From an example to what the model takes, as in training. Written by Espalier.

/** What is done for each input of the model. */
export const steps = ${JSON.stringify(steps, undefined, 2)};

${module}`;
}

const module = String.raw`/**
 * Numbers for an input of the model.
 *
 * @param example an image { width, height, channels, data } of bytes, a sound { samples } of numbers from -1 to 1 at the
 * rate that steps[index].sampleRate says, or an array of numbers
 * @param index of the input
 * @returns {Float32Array}
 */
export function preprocess(example, index = 0) {
  const step = steps[index];
  const values = { image: imageValues, sound: soundValues, tensor: (_, numbers) => Float32Array.from(numbers) }[step.kind](step, example);
  const { scale, offset } = step;
  return Float32Array.from(values, (value, i) => value * scale[i % scale.length] + offset[i % offset.length]);
}

/** Rows of a canvas are RGBA; the alpha is dropped. */
export function fromImageData({ width, height, data }) {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgb[i * 3 + c] = data[i * 4 + c];
  return { width, height, channels: 3, data: rgb };
}

function imageValues(step, image) {
  const { height, width, fit, centreCrop } = step;
  const converted = convertChannels(image, step.channels);
  if (fit === 'resizeThenCrop') return resizedThenCropped(converted, step).data;
  if (image.height === height && image.width === width && centreCrop === 1) return converted.data;
  if (fit !== 'cover') return resize(converted, height, width).data;
  const wide = Math.min(image.width, image.height / (height / width)) * centreCrop;
  const tall = wide * (height / width);
  const region = { top: (image.height - tall) / 2, left: (image.width - wide) / 2, height: tall, width: wide };
  return resize(converted, height, width, region).data;
}

function convertChannels(image, channels) {
  if (image.channels === channels) return image;
  const pixels = image.height * image.width;
  const data = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    if (channels === 3) data.fill(image.data[i], i * 3, i * 3 + 3);
    else data[i] = Math.round(0.299 * image.data[i * 3] + 0.587 * image.data[i * 3 + 1] + 0.114 * image.data[i * 3 + 2]);
  }
  return { ...image, channels, data };
}

function resizedThenCropped(image, { height, width, shorterSide }) {
  const least = Math.min(image.height, image.width);
  const [h, w] = [image.height, image.width].map((side) => (side === least ? shorterSide : Math.floor((shorterSide * side) / least)));
  const resized = h === image.height && w === image.width ? image : resize(image, h, w);
  const [top, left] = [roundHalfToEven((h - height) / 2), roundHalfToEven((w - width) / 2)];
  const data = new Uint8Array(height * width * image.channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * w + left) * image.channels;
    data.set(resized.data.subarray(start, start + width * image.channels), y * width * image.channels);
  }
  return { height, width, channels: image.channels, data };
}

function roundHalfToEven(value) {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** A triangle filter that widens with the reduction, along rows and then along columns; rounded to bytes. */
function resize(image, height, width, region = { top: 0, left: 0, height: image.height, width: image.width }) {
  const { channels } = image;
  const columns = filterTaps(region.left, region.width, image.width, width);
  const rows = filterTaps(region.top, region.height, image.height, height);
  const data = new Uint8Array(height * width * channels);
  const sums = new Float32Array(image.width * channels);
  // Products and sums are of single precision, as those of training are.
  rows.forEach(({ first, weights }, y) => {
    sums.fill(0);
    weights.forEach((weight, tap) => {
      const start = (first + tap) * image.width * channels;
      for (let x = 0; x < sums.length; x++) sums[x] += Math.fround(weight * (image.data[start + x] ?? 0));
    });
    columns.forEach((column, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        column.weights.forEach((weight, tap) => {
          sum = Math.fround(sum + Math.fround(weight * (sums[(column.first + tap) * channels + c] ?? 0)));
        });
        data[(y * width + x) * channels + c] = Math.min(255, roundHalfToEven(sum));
      }
    });
  });
  return { height, width, channels, data };
}

function filterTaps(start, length, inputSize, outputSize) {
  const scale = length / outputSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: outputSize }, (_, index) => {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support));
    const end = Math.min(inputSize, Math.ceil(centre + support));
    const weights = Array.from({ length: Math.max(end - first, 1) }, (_, tap) =>
      Math.max(0, 1 - Math.abs(first + tap + 0.5 - centre) / support),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: Float32Array.from(weights, (weight) => Math.fround(weight) / sum) };
  });
}

function soundValues(step, { samples }) {
  const waveform = new Float32Array(step.samples);
  waveform.set(samples.subarray(0, step.samples));
  return step.mfcc === undefined ? waveform : mfcc(step, waveform);
}

/** Mel-frequency cepstral coefficients, [frames, coefficients]. */
function mfcc({ sampleRate, samples, mfcc: options }, waveform) {
  const { coefficients, melBands, frameMilliseconds, strideMilliseconds, minimumHertz, maximumHertz } = options;
  const frame = Math.round((sampleRate * frameMilliseconds) / 1000);
  const stride = Math.round((sampleRate * strideMilliseconds) / 1000);
  const frames = 1 + Math.floor((samples - frame) / stride);
  const size = 2 ** Math.ceil(Math.log2(frame));
  const bins = size / 2 + 1;
  const hann = Float64Array.from({ length: frame }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / frame));
  const bands = melFilters(melBands, bins, sampleRate, minimumHertz, maximumHertz);
  const maximum = waveform.reduce((largest, value) => Math.max(largest, value), 0);
  const gain = maximum > 0 ? 1 / maximum : 1;
  const transform = fft(size);
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  const logs = new Float64Array(melBands);
  const result = new Float32Array(frames * coefficients);
  for (let t = 0; t < frames; t++) {
    real.fill(0);
    imaginary.fill(0);
    for (let n = 0; n < frame; n++) real[n] = (waveform[t * stride + n] ?? 0) * gain * hann[n];
    transform(real, imaginary);
    bands.forEach(({ first, weights }, band) => {
      let sum = 0;
      weights.forEach((weight, i) => (sum += weight * Math.hypot(real[first + i], imaginary[first + i])));
      logs[band] = Math.log(sum + 1e-6);
    });
    for (let c = 0; c < coefficients; c++) {
      let sum = 0;
      for (let band = 0; band < melBands; band++)
        sum += logs[band] * ((Math.cos((Math.PI / melBands) * (band + 0.5) * c) * 2) / Math.sqrt(2 * melBands));
      result[t * coefficients + c] = sum;
    }
  }
  return result;
}

function melFilters(count, bins, sampleRate, minimum, maximum) {
  const mel = (hertz) => 1127 * Math.log(1 + hertz / 700);
  const low = mel(minimum);
  const spacing = (mel(maximum) - low) / (count + 1);
  return Array.from({ length: count }, (_, band) => {
    const lower = low + band * spacing;
    const all = Float64Array.from({ length: bins }, (_, bin) => {
      const position = (mel((bin * sampleRate) / (2 * (bins - 1))) - lower) / spacing;
      return bin === 0 ? 0 : Math.max(0, Math.min(position, 2 - position));
    });
    const first = Math.max(0, all.findIndex((value) => value > 0));
    return { first, weights: all.slice(first, all.findLastIndex((value) => value > 0) + 1) };
  });
}

/** In-place radix-2 transform of complex numbers. */
function fft(size) {
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  return (real, imaginary) => {
    for (let i = 1, j = 0; i < size; i++) {
      let bit = size >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [real[i], real[j]] = [real[j], real[i]];
        [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
      }
    }
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const re = real[b] * cosines[k * step] - imaginary[b] * sines[k * step];
          const im = real[b] * sines[k * step] + imaginary[b] * cosines[k * step];
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
  };
}
`;
