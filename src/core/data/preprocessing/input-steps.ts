/**
 * What a pipeline does to an example without chance, as plain data: every default filled in, normalisation of the
 * training examples as numbers. What runs elsewhere (a microcontroller, a browser) is generated from it.
 */
import type { Example } from '../example-source.ts';

export type InputSteps = ImageSteps | SoundSteps | TensorSteps;

interface LinearSteps {
  /** Of the model's input: `[h, w, c]`, `[frames, coefficients, 1]`, `[features]`. */
  readonly inputShape: readonly number[];
  /** At last `value * scale[c] + offset[c]`: one for all, or one for each index of the last dimension. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/** Channels converted, resized and cropped to bytes, then scaled. */
export interface ImageSteps extends LinearSteps {
  readonly kind: 'image';
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly fit: 'stretch' | 'cover' | 'resizeThenCrop';
  /** With `cover`: the part of the shorter side that is kept. */
  readonly centreCrop: number;
  /** With `resizeThenCrop`. */
  readonly shorterSide: number;
}

/** A waveform of that many samples at that rate, then features where there are any, then scaled. */
export interface SoundSteps extends LinearSteps {
  readonly kind: 'sound';
  readonly sampleRate: number;
  readonly samples: number;
  readonly mfcc: MfccSteps | undefined;
}

export interface MfccSteps {
  readonly coefficients: number;
  readonly melBands: number;
  readonly frameMilliseconds: number;
  readonly strideMilliseconds: number;
  readonly minimumHertz: number;
  readonly maximumHertz: number;
}

/** Numbers of an array or a table, scaled. */
export interface TensorSteps extends LinearSteps {
  readonly kind: 'tensor';
}

/** The examples behind a data set as their files have them, with the way from there to the model. */
export interface StoredExamples {
  /** For each input of the model. */
  readonly steps: readonly InputSteps[];
  /** One for each input of the model. */
  load(index: number): Promise<readonly Example[]>;
  /** What the model takes of examples, one for each of its inputs, not augmented. */
  prepare(examples: readonly Example[]): readonly Float32Array[];
}
