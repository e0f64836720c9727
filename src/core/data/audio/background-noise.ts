/** Stretches of long recordings of background noise; Warden 2018, arXiv:1804.03209, section 5.8. */
import type { Random } from '../../random.ts';
import type { Sound } from '../example-source.ts';
import type { BackgroundNoise } from '../preprocessing/preprocessing.ts';
import { resample } from './resample.ts';

export function backgroundAt(sounds: readonly Sound[], sampleRate: number): readonly Float32Array[] {
  return sounds.map((sound) => resample(sound.samples, sound.sampleRate, sampleRate));
}

/** A stretch from anywhere in any of the recordings; a recording that is shorter is followed by silence. */
export function cutBackground(recordings: readonly Float32Array[], samples: number, random: Random): Float32Array {
  const recording = recordings[random.integer(Math.max(recordings.length, 1))] ?? new Float32Array(0);
  const start = random.integer(Math.max(recording.length - samples, 0) + 1);
  const result = new Float32Array(samples);
  result.set(recording.subarray(start, start + samples));
  return result;
}

/** Adds noise to some examples, in place; the sum is kept in -1..1, as a recording of both would be. */
export function mixBackground(
  waveform: Float32Array,
  recordings: readonly Float32Array[],
  { frequency = 0.8, volume = 0.1 }: BackgroundNoise,
  random: Random,
): void {
  if (random.next() >= frequency) return;
  const factor = random.next() * volume;
  const noise = cutBackground(recordings, waveform.length, random);
  for (let i = 0; i < waveform.length; i++) waveform[i] = Math.min(1, Math.max(-1, (waveform[i] ?? 0) + factor * (noise[i] ?? 0)));
}
