/** What happens to an example between its file and the model: the JSON of a recipe. */
import type { ByInput } from '../spec/by-input.ts';

export interface Preprocessing extends InputPreprocessing {
  /**
   * Of a model with several inputs: what differs for one of them, by its name.
   * @examples [{ "image": { "scale": 0.00392156862745098 } }]
   */
  readonly inputs?: ByInput<InputPreprocessing>;
}

export interface InputPreprocessing {
  /**
   * Multiplies every value. Images default to 1/255, raw tensors and tables to 1.
   * @examples [0.00392156862745098, 1]
   */
  readonly scale?: number;
  /**
   * Is added after scaling: -1 with a scale of 1/127.5 gives -1..1.
   * @default 0
   */
  readonly offset?: number;
  /**
   * Per-channel normalisation after scale and offset: numbers, those of a name (`"imagenet"` is what torchvision's models
   * are trained with), or `"training"` to take both from the training examples.
   * @examples ["imagenet", "training", { "mean": [0.485, 0.456, 0.406], "standardDeviation": [0.229, 0.224, 0.225] }]
   */
  readonly normalise?: Normalisation | NamedNormalisation | 'training';
  /** Height and width of images. Without it, the model's input shape decides. */
  readonly resize?: readonly [number, number];
  /**
   * How an image of other proportions is fitted: stretched; scaled to cover and cropped at the centre; or as torchvision's
   * `Resize` and `CenterCrop` do it, the shorter side resized to `shorterSide` and the centre cut out of the result.
   * @default "stretch"
   */
  readonly fit?: 'stretch' | 'cover' | 'resizeThenCrop';
  /**
   * With `fit: "resizeThenCrop"`. Default: 256/224 of what the model takes, as 256 is for 224.
   * @asType integer
   * @minimum 1
   */
  readonly shorterSide?: number;
  /**
   * With `fit: "cover"`, the part of the shorter side that is kept; 0.875 is the usual centre crop of ImageNet.
   * @default 1
   * @exclusiveMinimum 0
   * @maximum 1
   */
  readonly centreCrop?: number;
  /** How sound becomes the model's input. */
  readonly audio?: AudioFeatures;
}

export interface Normalisation {
  /** One value a channel, or one for all. */
  readonly mean: readonly number[];
  /** One value a channel, or one for all. */
  readonly standardDeviation: readonly number[];
}

/** ImageNet's as torchvision has it, CIFAR-10's, MNIST's, and -1..1. */
export type NamedNormalisation = 'imagenet' | 'cifar10' | 'mnist' | 'inception';

export interface AudioFeatures {
  /**
   * `mfcc`: MLPerf Tiny's keyword spotting features; `waveform`: the samples themselves.
   * @default "mfcc"
   */
  readonly kind?: 'mfcc' | 'waveform';
  /**
   * In hertz; recordings at other rates are resampled.
   * @default 16000
   */
  readonly sampleRate?: number;
  /**
   * Recordings are padded with silence or cropped to this length.
   * @default 1
   * @exclusiveMinimum 0
   */
  readonly seconds?: number;
  /**
   * @default 10
   * @asType integer
   * @minimum 1
   */
  readonly coefficients?: number;
  /**
   * @default 40
   * @asType integer
   * @minimum 1
   */
  readonly melBands?: number;
  /** @default 30 */
  readonly frameMilliseconds?: number;
  /** @default 20 */
  readonly strideMilliseconds?: number;
  /** @default 20 */
  readonly minimumHertz?: number;
  /** @default 4000 */
  readonly maximumHertz?: number;
}

/** Random changes of training examples, a function of the run's seed, the epoch and the example alone. */
export interface Augmentation {
  /** Mirrors half of the images left to right. */
  readonly flip?: boolean;
  /**
   * Shifts images by up to so many pixels each way, zeros coming in: pad and random crop.
   * @asType integer
   * @minimum 0
   */
  readonly shift?: number;
  /**
   * Shifts sound by up to so many milliseconds each way, silence coming in.
   * @minimum 0
   */
  readonly timeShiftMilliseconds?: number;
  /** Mixes sound with a stretch of the data's recordings of background noise, in `backgroundFolder`. */
  readonly backgroundNoise?: BackgroundNoise;
  /**
   * Standard deviation of the normal noise that is added: for sound to the waveform (full scale is 1), else to what the
   * model takes.
   * @minimum 0
   */
  readonly noise?: number;
}

export interface BackgroundNoise {
  /**
   * Part of the examples that is mixed.
   * @default 0.8
   * @minimum 0
   * @maximum 1
   */
  readonly frequency?: number;
  /**
   * Loudest factor of the noise; each example's is drawn between 0 and this.
   * @default 0.1
   * @minimum 0
   * @maximum 1
   */
  readonly volume?: number;
}
