import { createRandom } from '../../random.ts';
import { cutBackground } from '../audio/background-noise.ts';
import type { ExampleSource, Sound } from '../example-source.ts';

export interface SilenceOptions {
  readonly label: number;
  readonly count: number;
  readonly seconds: number;
  /** All of one rate; at least one. */
  readonly recordings: readonly Sound[];
  /** Seed of the cut and the volume of each example. */
  readonly seed: number;
}

/** Adds examples of silence, which is never quite silent: background noise at volumes from 0 to 1. */
export function withSilence(source: ExampleSource, { label, count, seconds, recordings, seed }: SilenceOptions): ExampleSource {
  const sampleRate = recordings[0]?.sampleRate ?? 16_000;
  const samples = Math.round(seconds * sampleRate);
  const waveforms = recordings.map((recording) => recording.samples);
  return {
    ...source,
    size: source.size + count,
    labels: Int32Array.from({ length: source.size + count }, (_, index) => source.labels[index] ?? label),
    load: (index) => {
      if (index < source.size) return source.load(index);
      const random = createRandom(Math.imul(seed + 1, 0x9e3779b9) ^ (index - source.size));
      const volume = random.next();
      return { kind: 'sound', sampleRate, samples: cutBackground(waveforms, samples, random).map((value) => volume * value) };
    },
  };
}
