import { createFft } from './fft.ts';
import { mfccTables, type MfccOptions } from './mfcc.ts';

/** Quieter than this below the loudest band counts as silence, in decibels. */
const range = 60;

export interface Spectrogram {
  readonly frames: number;
  readonly bands: number;
  /** `[bands, frames]`, the lowest band first; 0 for silence, 1 for the loudest. */
  readonly levels: Float32Array;
}

/** The mel bands that the coefficients are made of, in decibels: what a person can read of a sound. */
export function melSpectrogram(waveform: Float32Array, options: MfccOptions): Spectrogram {
  const { frame, stride, frames, melBands, fftSize, window, bands } = mfccTables(options);
  const fft = createFft(fftSize);
  const real = new Float64Array(fftSize);
  const imaginary = new Float64Array(fftSize);
  const decibels = new Float32Array(melBands * frames);
  for (let t = 0; t < frames; t++) {
    real.fill(0);
    imaginary.fill(0);
    for (let n = 0; n < frame; n++) real[n] = (waveform[t * stride + n] ?? 0) * (window[n] ?? 0);
    fft.transform(real, imaginary);
    for (const [band, { first, weights }] of bands.entries()) {
      let power = 0;
      for (let i = 0; i < weights.length; i++) {
        const bin = first + i;
        power += (weights[i] ?? 0) * ((real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2);
      }
      decibels[band * frames + t] = 10 * Math.log10(power + Number.MIN_VALUE);
    }
  }
  const loudest = decibels.reduce((most, value) => Math.max(most, value), -Infinity);
  // Digital silence has no loudest band.
  const isSilent = loudest <= 10 * Math.log10(Number.MIN_VALUE);
  const levels = decibels.map((value) => (isSilent ? 0 : Math.max(0, 1 + (value - loudest) / range)));
  return { frames, bands: melBands, levels };
}
