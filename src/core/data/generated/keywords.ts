import { createRandom, type Random } from '../../random.ts';

/** In the order of MLPerf Tiny's keyword spotting model. */
export const keywordClasses = ['down', 'go', 'left', 'no', 'off', 'on', 'right', 'stop', 'up', 'yes', 'silence', 'unknown'] as const;

const frames = 49;
const coefficients = 10;
const silence = keywordClasses.indexOf('silence');
const unknown = keywordClasses.indexOf('unknown');

interface Phone {
  /** Target of each cepstral coefficient. */
  readonly spectrum: readonly number[];
  readonly frames: number;
}

/**
 * Features like those of a spoken word, `[49, 10]`: each word is a sequence of phones, each a point in the space of
 * coefficients; speakers differ by an offset, tempo, loudness and onset. Silence is noise, unknown another word each time.
 */
export function makeKeyword(label: number, random: Random): Float32Array {
  const phones = label === silence ? [] : label === unknown ? wordPhones(1000 + random.integer(40)) : wordPhones(label);
  const tempo = 0.8 + 0.4 * random.next();
  const loudness = 0.75 + 0.5 * random.next();
  const speaker = Array.from({ length: coefficients }, () => 1.6 * random.normal());
  const spoken = phones.reduce((sum, phone) => sum + phone.frames * tempo, 0);
  const onset = 3 + random.next() * Math.max(0, frames - spoken - 6);
  const features = new Float32Array(frames * coefficients);
  for (let t = 0; t < frames; t++) {
    const inWord = (t - onset) / tempo;
    for (let c = 0; c < coefficients; c++) {
      const background = c === 0 ? -42 : 0;
      const voiced = phones.length === 0 ? undefined : spectrumAt(phones, inWord, c);
      const value = voiced === undefined ? background : background + (c === 0 ? 30 * loudness : 0) + voiced * loudness + (speaker[c] ?? 0);
      features[t * coefficients + c] = value + 1.8 * random.normal();
    }
  }
  return features;
}

/** Fixed for each word, whatever the seed of the set. */
function wordPhones(word: number): readonly Phone[] {
  const random = createRandom(7919 * (word + 1));
  return Array.from({ length: 2 + random.integer(3) }, () => ({
    spectrum: Array.from({ length: coefficients }, (_, c) => (9 / (1 + 0.25 * c)) * random.normal()),
    frames: 5 + random.integer(6),
  }));
}

/** Linear from one phone's middle to the next's; undefined outside the word. */
function spectrumAt(phones: readonly Phone[], time: number, coefficient: number): number | undefined {
  let start = 0;
  let previous: { readonly middle: number; readonly value: number } | undefined;
  const end = phones.reduce((sum, phone) => sum + phone.frames, 0);
  if (time < 0 || time >= end) return undefined;
  for (const phone of phones) {
    const middle = start + phone.frames / 2;
    const value = phone.spectrum[coefficient] ?? 0;
    if (time <= middle)
      return previous === undefined
        ? value
        : previous.value + ((value - previous.value) * (time - previous.middle)) / (middle - previous.middle);
    previous = { middle, value };
    start += phone.frames;
  }
  return previous?.value;
}
