/** Silence, unknown words and background noise, as Speech Commands has them: on waveforms that can be told apart. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioDataSpec } from '../../../src/core/data/spec/audio-spec.ts';
import { openData } from '../../../src/core/data/open-data.ts';

const rate = 1000;
const folder = mkdtempSync(join(tmpdir(), 'espalier-keywords-'));

/** PCM16 mono; every sample is the value that `at` gives, in 1/32768. */
function wav(samples: number, at: (index: number) => number): Buffer {
  const bytes = Buffer.alloc(44 + 2 * samples);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) bytes.writeInt16LE(at(i), 44 + 2 * i);
  return bytes;
}

/** What 1 is in the file: the decoder maps positive codes to 0..1. */
const fullScale = 32_768;
const word = 16_384;
const noise = 8_192;

beforeAll(() => {
  for (const [name, count] of [
    ['yes', 20],
    ['no', 20],
    ['bed', 50],
    ['tree', 50],
  ] as const) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < count; i++)
      writeFileSync(
        join(folder, name, `s${i}_nohash_0.wav`),
        wav(rate, () => word),
      );
  }
  mkdirSync(join(folder, '_background_noise_'));
  writeFileSync(
    join(folder, '_background_noise_', 'hum.wav'),
    wav(3 * rate, () => noise),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words: AudioDataSpec = {
  format: 'audio',
  folder: '.',
  testFraction: 0,
  validation: 0,
  preprocessing: { audio: { kind: 'waveform', sampleRate: rate, seconds: 1 } },
};
const spec: AudioDataSpec = {
  ...words,
  classes: ['no', 'yes', 'silence', 'unknown'],
  silence: { class: 'silence', share: 0.25 },
  unknown: { class: 'unknown', share: 0.5 },
};
const all = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, index) => index);

describe('keyword spotting data', () => {
  it('has silence cut from background noise at random volumes, and a share of all other words as unknown', async () => {
    const { train } = await openData(spec, folder, { seed: 0 });
    const {
      labels,
      inputs: [inputs = new Float32Array(0)],
    } = await train.read(all(train.size));
    const counts = [0, 1, 2, 3].map((label) => labels.filter((of) => of === label).length);
    expect(counts).toEqual([20, 20, 10, 20]);
    expect(train.target).toMatchObject({ classes: 4, names: ['no', 'yes', 'silence', 'unknown'] });
    const volumes: number[] = [];
    labels.forEach((label, i) => {
      const waveform = inputs.subarray(i * rate, (i + 1) * rate);
      expect(new Set(waveform).size).toBe(1);
      const value = (waveform[0] ?? 0) * fullScale;
      if (label === 2) volumes.push(value / noise);
      else expect(value).toBeCloseTo(word, 0);
    });
    expect(Math.min(...volumes)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...volumes)).toBeLessThanOrEqual(1);
    expect(new Set(volumes).size).toBe(10);
  });

  it('chooses the same unknown words and the same silence each time, others for another split seed', async () => {
    const read = async (splitSeed: number): Promise<Float32Array> => {
      const { train } = await openData({ ...spec, splitSeed }, folder, { seed: 0 });
      const {
        labels,
        inputs: [inputs = new Float32Array(0)],
      } = await train.read(all(train.size));
      return inputs.filter((_, i) => labels[Math.floor(i / rate)] === 2);
    };
    const first = await read(0);
    expect(await read(0)).toEqual(first);
    expect(await read(1)).not.toEqual(first);
  });

  it('divides by the speaker, with silence and unknown in each split', async () => {
    const { train, validation, test } = await openData({ ...spec, split: 'speech-commands' }, folder, { seed: 0 });
    for (const split of [train, validation, test]) {
      const { labels } = await split.read(all(split.size));
      const known = labels.filter((label) => label < 2).length;
      expect(known).toBeGreaterThan(0);
      expect(labels.filter((label) => label === 2).length).toBe(Math.ceil(known * 0.25));
      expect(labels.filter((label) => label === 3).length).toBe(Math.ceil(known * 0.5));
    }
  });

  it('mixes background noise into a part of the training examples, no louder than the volume', async () => {
    const mixed: AudioDataSpec = {
      ...words,
      classes: ['no', 'yes'],
      augmentation: { backgroundNoise: { frequency: 0.5, volume: 0.2 } },
    };
    const { train } = await openData(mixed, folder, { seed: 3 });
    const added: number[] = [];
    for (let epoch = 0; epoch < 10; epoch++) {
      const {
        inputs: [inputs = new Float32Array(0)],
      } = await train.read(all(train.size), epoch);
      for (let i = 0; i < train.size; i++) added.push(((inputs[i * rate] ?? 0) * fullScale - word) / noise);
    }
    expect(Math.max(...added)).toBeLessThanOrEqual(0.2001);
    expect(Math.max(...added)).toBeGreaterThan(0.19);
    // Half of 400, within four standard deviations.
    expect(Math.abs(added.filter((value) => Math.abs(value) > 1e-4).length - 200)).toBeLessThan(40);
    const plain = await train.read(all(train.size));
    expect(new Set(plain.inputs[0]?.map((value) => Math.round(value * fullScale)))).toEqual(new Set([word]));
  });

  it('takes the folder of noise for no class', async () => {
    const { train } = await openData(words, folder, { seed: 0 });
    expect(train.target).toMatchObject({ names: ['bed', 'no', 'tree', 'yes'] });
  });

  it('says what is missing', async () => {
    await expect(openData({ ...spec, classes: ['no', 'yes'] }, folder, { seed: 0 })).rejects.toThrow(/"silence" is not among the classes/);
    await expect(openData({ ...spec, backgroundFolder: 'hush' }, folder, { seed: 0 })).rejects.toThrow(
      /no recordings of background noise, which "silence" is cut from/,
    );
    await expect(
      openData({ format: 'audio', folder: '.', backgroundFolder: 'hush', augmentation: { backgroundNoise: {} } }, folder, { seed: 0 }),
    ).rejects.toThrow(/no recordings of background noise to mix in/);
  });
});
