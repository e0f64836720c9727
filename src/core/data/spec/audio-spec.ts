import type { FileCollection } from './file-collection-spec.ts';

/** WAV files by class. */
export interface AudioDataSpec extends FileCollection {
  readonly format: 'audio';
  /** `speech-commands`: that data set's official split, by the hash of the speaker in `<speaker>_nohash_<n>.wav`. */
  readonly split?: 'speech-commands';
  /** One of `classes` that stands for every word that is not among them. */
  readonly unknown?: MadeClass;
  /** One of `classes` whose examples are cut from recordings of background noise, at random volumes. */
  readonly silence?: MadeClass;
  /**
   * Folder, anywhere in the data, with long recordings of background noise: no class, but what `silence` and the
   * augmentation `backgroundNoise` are cut from.
   * @default "_background_noise_"
   */
  readonly backgroundFolder?: string;
}

/** A class that has no folder of its own. */
export interface MadeClass {
  /** @examples ["silence", "unknown"] */
  readonly class: string;
  /**
   * Number of its examples in each split, as a part of the number of all words in `classes` together.
   * @default 0.1
   * @exclusiveMinimum 0
   */
  readonly share?: number;
}
