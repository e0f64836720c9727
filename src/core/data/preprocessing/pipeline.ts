import type { Random } from '../../random.ts';
import type { Example, Sound, StoredNumbers } from '../example-source.ts';
import type { Augmentation, InputPreprocessing, Normalisation } from './preprocessing.ts';

/** The way from a stored example to the model's input. */
export interface Pipeline {
  readonly inputShape: readonly number[];
  /** The part without chance, whose result is cached. */
  prepare(example: Example): StoredNumbers;
  /** The rest: augmentation when there is a generator, then numbers as the model takes them, from `offset` on. */
  finish(prepared: StoredNumbers, output: Float32Array, offset: number, random: Random | undefined): void;
}

export interface PipelineOptions {
  /** For messages. */
  readonly name: string;
  /** Of every stored example, where they have one. */
  readonly shape: readonly number[] | undefined;
  readonly preprocessing: Omit<InputPreprocessing, 'normalise'>;
  readonly normalisation: Normalisation | undefined;
  readonly augmentation: Augmentation;
  /** What `augmentation.backgroundNoise` is cut from. */
  readonly backgroundSounds?: readonly Sound[];
  readonly modelInputShape: readonly number[] | undefined;
  /** What was left out of the data: the likely cause where they do not fit. */
  readonly remarks?: readonly string[];
}
