import type { Random } from '../../random.ts';
import type { Example, Sound, StoredNumbers } from '../example-source.ts';
import type { InputSteps } from './input-steps.ts';
import type { Augmentation, InputPreprocessing, Normalisation } from './preprocessing.ts';

/** Preprocessing, from a stored example to the model's input. */
export interface Pipeline {
  readonly inputShape: readonly number[];
  readonly steps: InputSteps;
  /** The deterministic part, whose result is cached. */
  prepare(example: Example): StoredNumbers;
  /**
   * The rest: augmentation if a generator is given, then the numbers for the model, written from `offset` on.
   *
   * @param onMove how augmentation has moved an image, which masks have to follow
   */
  finish(
    prepared: StoredNumbers,
    output: Float32Array,
    offset: number,
    random: Random | undefined,
    onMove?: (movement: Movement) => void,
  ): void;
}

/** Of an image as the model takes it: mirrored first, then moved down and to the right, in pixels. */
export interface Movement {
  readonly flip: boolean;
  readonly down: number;
  readonly right: number;
}

export interface PipelineOptions {
  /** For messages. */
  readonly name: string;
  /** Of every stored example, where they have one. */
  readonly shape: readonly number[] | undefined;
  readonly preprocessing: Omit<InputPreprocessing, 'normalise'>;
  readonly normalisation: Normalisation | undefined;
  readonly augmentation: Augmentation;
  /** Recordings that `augmentation.backgroundNoise` is cut from. */
  readonly backgroundSounds?: readonly Sound[];
  readonly modelInputShape: readonly number[] | undefined;
  /** Warnings about data that were left out: the likely cause of a mismatch. */
  readonly remarks?: readonly string[];
}
