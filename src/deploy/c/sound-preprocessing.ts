import { mfccTables, type MfccTables } from '../../core/data/audio/mfcc.ts';
import type { SoundSteps } from '../../core/data/preprocessing/input-steps.ts';
import type { PlannedInput } from '../plan.ts';
import { cIntegerArray, cReal, cRealArray } from './names.ts';
import { cType, quantized } from './tensor-types.ts';

/**
 * C of the sound pipeline: 16-bit samples at the model's rate, padded with silence or cropped, then MFCC where the model
 * takes them, then scale and quantization. Resampling is not in it: a microphone is read at the rate that is wanted.
 */
export function soundPreprocessing(
  name: string,
  input: PlannedInput,
  steps: SoundSteps,
): { readonly prototype: string; readonly code: string } {
  const prototype = `void ${name}_preprocess${input.suffix}(const int16_t *samples, size_t count, ${cType(input).c} *input)`;
  const own = `${name}${input.suffix}`;
  const code =
    steps.mfcc === undefined
      ? waveform(name, input, steps, prototype)
      : mfcc(name, own, input, steps, mfccTables({ ...steps, ...steps.mfcc }), prototype);
  return { prototype, code };
}

function waveform(name: string, input: PlannedInput, { samples, scale, offset }: SoundSteps, prototype: string): string {
  const value = linear(`${name}${input.suffix}`, scale, offset, 'n');
  return `${prototype} {
  size_t n;
  for (n = 0; n < ${samples}; n++) {
    const real value = n < count ? samples[n] / R(32768) : R(0);
    input[n] = ${quantized(input, name, value)};
  }
}`;
}

/** `value * scale + offset`, one for all or by the last dimension. */
function linear(own: string, scale: readonly number[], offset: readonly number[], index: string): string {
  const [a = 1] = scale;
  const [b = 0] = offset;
  return scale.length === 1 ? `value * R(${cReal(a)}) + R(${cReal(b)})` : `value * ${own}_scales[${index}] + ${own}_offsets[${index}]`;
}

function mfcc(name: string, own: string, input: PlannedInput, steps: SoundSteps, tables: MfccTables, prototype: string): string {
  const { frame, stride, frames, coefficients, melBands, fftSize, window, bands, cosines } = tables;
  const { samples, scale, offset } = steps;
  const half = fftSize / 2;
  const perCoefficient =
    scale.length === 1
      ? []
      : [
          cRealArray(`static const real ${own}_scales[${coefficients}]`, scale),
          cRealArray(`static const real ${own}_offsets[${coefficients}]`, offset),
        ];
  return [
    cRealArray(`static const real ${own}_window[${frame}]`, window),
    cRealArray(
      `static const real ${own}_cosines[${half}]`,
      Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / fftSize)),
    ),
    cRealArray(
      `static const real ${own}_sines[${half}]`,
      Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / fftSize)),
    ),
    '/* Mel bands: the first bin of each, how many it has, and their weights one band after the other. */',
    cIntegerArray(
      `static const uint16_t ${own}_first_bins[${melBands}]`,
      bands.map(({ first }) => first),
    ),
    cIntegerArray(
      `static const uint16_t ${own}_bin_counts[${melBands}]`,
      bands.map(({ weights }) => weights.length),
    ),
    cRealArray(
      `static const real ${own}_bin_weights[${bands.reduce((sum, { weights }) => sum + weights.length, 0)}]`,
      bands.flatMap(({ weights }) => Array.from(weights)),
    ),
    cRealArray(`static const real ${own}_transform[${coefficients * melBands}]`, cosines),
    ...perCoefficient,
    `static real ${own}_real[${fftSize}];
static real ${own}_imaginary[${fftSize}];

/* In-place radix-2 transform. */
static void ${own}_fft(void) {
  real *re = ${own}_real;
  real *im = ${own}_imaginary;
  size_t i, j, bit, half, start, k;
  for (i = 1, j = 0; i < ${fftSize}; i++) {
    for (bit = ${half}; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const real swapped_re = re[i];
      const real swapped_im = im[i];
      re[i] = re[j];
      im[i] = im[j];
      re[j] = swapped_re;
      im[j] = swapped_im;
    }
  }
  for (half = 1; half < ${fftSize}; half *= 2) {
    const size_t step = ${fftSize} / (2 * half);
    for (start = 0; start < ${fftSize}; start += 2 * half) {
      for (k = 0; k < half; k++) {
        const real cosine = ${own}_cosines[k * step];
        const real sine = ${own}_sines[k * step];
        const size_t a = start + k;
        const size_t b = a + half;
        const real turned_re = re[b] * cosine - im[b] * sine;
        const real turned_im = re[b] * sine + im[b] * cosine;
        re[b] = re[a] - turned_re;
        im[b] = im[a] - turned_im;
        re[a] += turned_re;
        im[a] += turned_im;
      }
    }
  }
}

${prototype} {
  const size_t present = count < ${samples} ? count : ${samples};
  real logs[${melBands}];
  real gain = R(0);
  size_t t, n, band, c;
  for (n = 0; n < present; n++)
    if (samples[n] / R(32768) > gain) gain = samples[n] / R(32768);
  gain = gain > R(0) ? 1 / gain : R(1);
  for (t = 0; t < ${frames}; t++) {
    const real *weights = ${own}_bin_weights;
    for (n = 0; n < ${fftSize}; n++) {
      const size_t at = t * ${stride} + n;
      ${own}_real[n] = n < ${frame} && at < present ? samples[at] / R(32768) * gain * ${own}_window[n] : R(0);
      ${own}_imaginary[n] = R(0);
    }
    ${own}_fft();
    for (band = 0; band < ${melBands}; band++) {
      const size_t first = ${own}_first_bins[band];
      real sum = R(0);
      for (n = first; n < first + ${own}_bin_counts[band]; n++)
        sum += *weights++ * sqrt(${own}_real[n] * ${own}_real[n] + ${own}_imaginary[n] * ${own}_imaginary[n]);
      logs[band] = log(sum + R(1e-6));
    }
    for (c = 0; c < ${coefficients}; c++) {
      real value = R(0);
      for (band = 0; band < ${melBands}; band++) value += logs[band] * ${own}_transform[c * ${melBands} + band];
      value = (real)(float)value;
      *input++ = ${quantized(input, name, linear(own, scale, offset, 'c'))};
    }
  }
}`,
  ].join('\n\n');
}
