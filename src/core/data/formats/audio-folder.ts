import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { createRandom } from '../../random.ts';
import { cutBackground } from '../audio/background-noise.ts';
import { classNames } from '../files/class-order.ts';
import { EspalierError } from '../../errors.ts';
import { decodeWav } from '../audio/decode-wav.ts';
import { resample } from '../audio/resample.ts';
import type { AudioDataSpec, MadeClass } from '../spec/audio-spec.ts';
import type { ExampleSource, Sound, SourceSplits } from '../example-source.ts';
import type { BackgroundFile } from '../files/classed-files.ts';
import { openFiles } from './file-source.ts';

/** What is read of a folder. */
export function soundFiles({ backgroundFolder = '_background_noise_', split, unknown }: AudioDataSpec) {
  return {
    extensions: ['.wav', '.wave'],
    unreadExtensions: ['.mp3', '.flac', '.ogg', '.opus', '.m4a', '.aac', '.aif', '.aiff'],
    backgroundFolder,
    readsOtherClasses: unknown !== undefined,
    ...(split === 'speech-commands' ? { splitOf: speechCommandsSplit } : {}),
  } as const;
}

/** WAV files by class. */
export async function openAudioFolder(spec: AudioDataSpec, folder: string): Promise<SourceSplits> {
  checkMadeClasses(spec);
  const { unknown, silence, splitSeed = 0 } = spec;
  const { background, ...splits } = await openFiles(spec, folder, {
    kind: 'sound',
    ...soundFiles(spec),
    decode: decodeSound,
    ...(unknown === undefined ? {} : { unknown: { class: unknown.class, share: shareOf(unknown), seed: splitSeed } }),
    ...(silence === undefined ? {} : { made: [silence.class] }),
  });
  const withBackground = { ...splits, backgroundSounds: () => readSounds(background) };
  return silence === undefined ? withBackground : addSilence(withBackground, spec, silence, await readSounds(background));
}

function decodeSound(bytes: Uint8Array, where: string): Sound {
  return { kind: 'sound', ...decodeWav(bytes, where) };
}

function readSounds(files: readonly BackgroundFile[]): Promise<readonly Sound[]> {
  return Promise.all(files.map(async ({ tree, path }) => decodeSound(await tree.read(path), `${tree.name}/${path}`)));
}

function addSilence(splits: SourceSplits, spec: AudioDataSpec, silence: MadeClass, sounds: readonly Sound[]): SourceSplits {
  const [first] = sounds;
  if (first === undefined)
    throw new EspalierError('invalid-data', `there are no recordings of background noise, which "${silence.class}" is cut from`, {
      where: 'data.silence',
      fix: 'name their folder with "backgroundFolder", or leave "silence" out',
    });
  const { sampleRate } = first;
  const recordings = sounds.map((sound): Sound => ({
    ...sound,
    sampleRate,
    samples: resample(sound.samples, sound.sampleRate, sampleRate),
  }));
  const label = classNames(spec.classes)?.indexOf(silence.class) ?? 0;
  const unknownLabel = spec.unknown === undefined ? -1 : (classNames(spec.classes)?.indexOf(spec.unknown.class) ?? -1);
  const add = (source: ExampleSource, seed: number): ExampleSource =>
    withSilence(source, {
      label,
      count: Math.ceil(source.labels.filter((of) => of !== unknownLabel).length * shareOf(silence)),
      seconds: spec.preprocessing?.audio?.seconds ?? 1,
      recordings,
      seed: 3 * (spec.splitSeed ?? 0) + seed,
    });
  return {
    ...splits,
    train: add(splits.train, 0),
    validation: splits.validation && add(splits.validation, 1),
    test: splits.test && add(splits.test, 2),
  };
}

function shareOf({ share = 0.1 }: MadeClass): number {
  return share;
}

function checkMadeClasses({ classes, silence, unknown }: AudioDataSpec): void {
  for (const [field, made] of [
    ['silence', silence],
    ['unknown', unknown],
  ] as const) {
    if (made === undefined) continue;
    if (classNames(classes)?.includes(made.class) !== true)
      throw new EspalierError('invalid-data', `"${made.class}" is not among the classes`, {
        where: `data.${field}`,
        fix: 'list it in "classes", at the place of the model\'s output for it',
      });
    if (!(shareOf(made) > 0 && Number.isFinite(shareOf(made))))
      throw new EspalierError('invalid-data', `a share of ${String(made.share)}`, {
        where: `data.${field}`,
        fix: 'give a number above 0, such as 0.1',
      });
  }
}

interface SilenceOptions {
  readonly label: number;
  readonly count: number;
  readonly seconds: number;
  /** All of one rate; at least one. */
  readonly recordings: readonly Sound[];
  /** Seed of the cut and the volume of each example. */
  readonly seed: number;
}

/** Adds examples of silence, which is never quite silent: background noise at volumes from 0 to 1. */
function withSilence(source: ExampleSource, { label, count, seconds, recordings, seed }: SilenceOptions): ExampleSource {
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

/** Files of a class, at most: the hash is folded to this many places. */
const places = 2 ** 27 - 1;
const validationPercent = 10;
const testPercent = 10;

/**
 * The official split of Speech Commands: by the hash of the speaker, so that all recordings of a speaker are in one set
 * whatever else the folder holds. Warden 2018, arXiv:1804.03209, section 7.2.
 *
 * @param path `<word>/<speaker>_nohash_<n>.wav`
 */
export function speechCommandsSplit(path: string): 'train' | 'validation' | 'test' {
  const speaker = basename(path).replace(/_nohash_.*$/, '');
  const hash = createHash('sha1').update(speaker).digest('hex');
  const percent = (Number(BigInt(`0x${hash}`) % BigInt(places + 1)) * 100) / places;
  if (percent < validationPercent) return 'validation';
  return percent < validationPercent + testPercent ? 'test' : 'train';
}
