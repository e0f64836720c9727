import { EspalierError } from '../../errors.ts';
import type { MfccSteps } from '../preprocessing/input-steps.ts';
import { createFft } from './fft.ts';

export interface MfccOptions extends Partial<MfccSteps> {
  readonly sampleRate: number;
  /** Length of every waveform. */
  readonly samples: number;
}

export interface Mfcc {
  readonly frames: number;
  readonly coefficients: number;
  /** `[samples] -> [frames, coefficients]` */
  compute(waveform: Float32Array): Float32Array;
}

/**
 * Mel-frequency cepstral coefficients as MLPerf Tiny's keyword spotting takes them (Banbury et al. 2021,
 * arXiv:2106.07597): waveform over its maximum; periodic Hann window; magnitude spectrum; HTK mel bands without the
 * DC bin; log(x + 1e-6); DCT-II times 1 / sqrt(2 * bands).
 */
export function createMfcc(options: MfccOptions): Mfcc {
  const { frame, stride, frames, coefficients, melBands, fftSize, window, bands, cosines } = mfccTables(options);
  const fft = createFft(fftSize);
  const bins = fftSize / 2 + 1;
  const real = new Float64Array(fftSize);
  const imaginary = new Float64Array(fftSize);
  const magnitudes = new Float64Array(bins);
  const logs = new Float64Array(melBands);
  return {
    frames,
    coefficients,
    compute: (waveform) => {
      const maximum = waveform.reduce((largest, value) => Math.max(largest, value), 0);
      const gain = maximum > 0 ? 1 / maximum : 1;
      const result = new Float32Array(frames * coefficients);
      for (let t = 0; t < frames; t++) {
        real.fill(0);
        imaginary.fill(0);
        for (let n = 0; n < frame; n++) real[n] = (waveform[t * stride + n] ?? 0) * gain * (window[n] ?? 0);
        fft.transform(real, imaginary);
        for (let k = 0; k < bins; k++) magnitudes[k] = Math.hypot(real[k] ?? 0, imaginary[k] ?? 0);
        bands.forEach(({ first, weights }, band) => {
          let sum = 0;
          for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (magnitudes[first + i] ?? 0);
          logs[band] = Math.log(sum + 1e-6);
        });
        for (let c = 0; c < coefficients; c++) {
          let sum = 0;
          for (let band = 0; band < melBands; band++) sum += (logs[band] ?? 0) * (cosines[c * melBands + band] ?? 0);
          result[t * coefficients + c] = sum;
        }
      }
      return result;
    },
  };
}

/** MLPerf Tiny's where nothing else is given. */
export function mfccSteps({
  coefficients = 10,
  melBands = 40,
  frameMilliseconds = 30,
  strideMilliseconds = 20,
  minimumHertz = 20,
  maximumHertz = 4000,
}: Partial<MfccSteps>): MfccSteps {
  return { coefficients, melBands, frameMilliseconds, strideMilliseconds, minimumHertz, maximumHertz };
}

/** The numbers that the computation takes: sizes in samples, and tables. */
export interface MfccTables {
  readonly frame: number;
  readonly stride: number;
  readonly frames: number;
  readonly coefficients: number;
  readonly melBands: number;
  readonly fftSize: number;
  /** `[frame]` */
  readonly window: Float64Array;
  readonly bands: readonly Band[];
  /** Of the cosine transform, `[coefficients, melBands]`. */
  readonly cosines: Float64Array;
}

/** @throws EspalierError `invalid-data` for sizes that do not go together */
export function mfccTables({ sampleRate, samples, ...given }: MfccOptions): MfccTables {
  const { coefficients, melBands, frameMilliseconds, strideMilliseconds, minimumHertz, maximumHertz } = mfccSteps(given);
  const frame = Math.round((sampleRate * frameMilliseconds) / 1000);
  const stride = Math.round((sampleRate * strideMilliseconds) / 1000);
  const impossible = (what: string, fix: string): EspalierError =>
    new EspalierError('invalid-data', what, { where: 'data.preprocessing.audio', fix });
  if (frame < 2 || stride < 1)
    throw impossible(`frames of ${frame} samples every ${stride} are too short`, 'raise "frameMilliseconds" and "strideMilliseconds"');
  if (frame > samples)
    throw impossible(
      `a frame of ${frame} samples is longer than the recording of ${samples}`,
      'raise "seconds" or lower "frameMilliseconds"',
    );
  if (coefficients > melBands)
    throw impossible(`${coefficients} coefficients of ${melBands} mel bands`, 'ask for at most as many coefficients as mel bands');
  if (!(minimumHertz < maximumHertz) || maximumHertz > sampleRate / 2)
    throw impossible(
      `bands from ${minimumHertz} to ${maximumHertz} Hz at ${sampleRate} samples a second`,
      'keep minimumHertz < maximumHertz <= sampleRate / 2',
    );
  const fftSize = 2 ** Math.ceil(Math.log2(frame));
  return {
    frame,
    stride,
    frames: 1 + Math.floor((samples - frame) / stride),
    coefficients,
    melBands,
    fftSize,
    window: Float64Array.from({ length: frame }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / frame)),
    bands: melFilters(melBands, fftSize / 2 + 1, sampleRate, minimumHertz, maximumHertz),
    cosines: Float64Array.from(
      { length: coefficients * melBands },
      (_, i) => (Math.cos((Math.PI / melBands) * ((i % melBands) + 0.5) * Math.floor(i / melBands)) * 2) / Math.sqrt(2 * melBands),
    ),
  };
}

/** The bins that a band takes, and by how much. */
export interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangles, linear in mel (HTK: 1127 ln(1 + f / 700)), between band edges that are equally spaced in mel. */
function melFilters(count: number, bins: number, sampleRate: number, minimum: number, maximum: number): readonly Band[] {
  const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);
  const low = mel(minimum);
  const spacing = (mel(maximum) - low) / (count + 1);
  return Array.from({ length: count }, (_, band) => {
    const lower = low + band * spacing;
    const weight = (bin: number): number => {
      const position = (mel((bin * sampleRate) / (2 * (bins - 1))) - lower) / spacing;
      return bin === 0 ? 0 : Math.max(0, Math.min(position, 2 - position));
    };
    const all = Float64Array.from({ length: bins }, (_, bin) => weight(bin));
    const first = Math.max(
      all.findIndex((value) => value > 0),
      0,
    );
    const last = all.findLastIndex((value) => value > 0);
    return { first, weights: all.slice(first, last + 1) };
  });
}
