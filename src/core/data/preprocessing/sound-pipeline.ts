import { EspalierError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import { backgroundAt, mixBackground } from '../audio/background-noise.ts';
import { createMfcc, mfccSteps } from '../audio/mfcc.ts';
import { resample } from '../audio/resample.ts';
import { linearMap } from './linear-map.ts';
import type { Pipeline, PipelineOptions } from './pipeline.ts';

/** Sound: resampled, padded or cropped; shifted in time and mixed with noise; then features, then scaled. */
export function soundPipeline(options: PipelineOptions): Pipeline {
  const { name, preprocessing, augmentation, modelInputShape } = options;
  const audio = preprocessing.audio ?? {};
  const { kind = 'mfcc', sampleRate = 16_000, seconds = 1 } = audio;
  const samples = Math.round(sampleRate * seconds);
  const mfcc = kind === 'mfcc' ? createMfcc({ ...audio, sampleRate, samples }) : undefined;
  const shape = mfcc === undefined ? [samples, 1] : [mfcc.frames, mfcc.coefficients, 1];
  const length = shape.reduce((product, size) => product * size, 1);
  if (modelInputShape !== undefined && modelInputShape.reduce((product, size) => product * size, 1) !== length) {
    throw new EspalierError(
      'invalid-data',
      `its sound becomes [${shape.join(', ')}], but the model takes [${modelInputShape.join(', ')}]`,
      { where: name, fix: 'set "preprocessing.audio" (seconds, coefficients, frame and stride) to what the model was trained with' },
    );
  }
  const channels = mfcc?.coefficients ?? 1;
  const map = linearMap(
    options.normalisation !== undefined && options.normalisation.mean.length > 1 ? channels : 1,
    preprocessing.scale ?? 1,
    preprocessing.offset ?? 0,
    options.normalisation,
  );
  const mapped = map.scale.length;
  const { timeShiftMilliseconds = 0, noise = 0, backgroundNoise } = augmentation;
  const changesWaveform = timeShiftMilliseconds > 0 || noise > 0 || backgroundNoise !== undefined;
  const longestShift = Math.round((timeShiftMilliseconds / 1000) * sampleRate);
  const background = backgroundNoise === undefined ? [] : backgroundAt(options.backgroundSounds ?? [], sampleRate);
  const disturbed = (waveform: Float32Array, random: Random): Float32Array => {
    const result = shifted(waveform, longestShift, random);
    if (backgroundNoise !== undefined) mixBackground(result, background, backgroundNoise, random);
    if (noise > 0) for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) + noise * random.normal();
    return result;
  };
  const features = (waveform: Float32Array): Float32Array => (mfcc === undefined ? waveform : mfcc.compute(waveform));
  return {
    inputShape: modelInputShape ?? shape,
    steps: {
      kind: 'sound',
      inputShape: modelInputShape ?? shape,
      sampleRate,
      samples,
      mfcc: kind === 'mfcc' ? mfccSteps(audio) : undefined,
      scale: Array.from(map.scale),
      offset: Array.from(map.offset),
    },
    prepare: (example) => {
      if (example.kind !== 'sound')
        throw new EspalierError('invalid-data', `it holds ${example.kind} examples among sound`, { where: name });
      const waveform = new Float32Array(samples);
      waveform.set(resample(example.samples, example.sampleRate, sampleRate).subarray(0, samples));
      return changesWaveform ? waveform : features(waveform);
    },
    finish: (prepared, output, offset, random) => {
      const values =
        changesWaveform && prepared instanceof Float32Array
          ? features(random === undefined ? prepared : disturbed(prepared, random))
          : prepared;
      for (let i = 0; i < length; i++) output[offset + i] = (values[i] ?? 0) * (map.scale[i % mapped] ?? 1) + (map.offset[i % mapped] ?? 0);
    },
  };
}

function shifted(waveform: Float32Array, longestShift: number, random: Random): Float32Array {
  const shift = longestShift === 0 ? 0 : random.integer(2 * longestShift + 1) - longestShift;
  const result = new Float32Array(waveform.length);
  if (shift >= 0) result.set(waveform.subarray(0, waveform.length - shift), shift);
  else result.set(waveform.subarray(-shift));
  return result;
}
