/** What a recipe says of quantization, after training and in it. */
import type { ActivationType, WeightBits } from './layer-rule.ts';
import type { TrainingOptions } from './training-options.ts';
import type { VariantOptions } from './variant-options.ts';

export interface QuantizationAwareTrainingOptions extends VariantOptions, TrainingOptions {
  /**
   * Bits of the weights of convolutions and dense layers; layers that cannot have 4 keep 8. A rule under `layers` decides
   * for single layers.
   * @default 8
   */
  readonly weightBits?: WeightBits;
  /**
   * Where weight scales come from: the largest weight at each step, or learned with the weights (LSQ). Scales of 4-bit
   * weights are always learned.
   * @default "maximum"
   */
  readonly weightScales?: 'maximum' | 'learned';
  /**
   * Share of the training after which the ranges of activations stand still.
   * @minimum 0
   * @maximum 1
   * @default 0.5
   */
  readonly freezeRangesAfter?: number;
  readonly interface?: InterfaceType;
}

export interface PostTrainingQuantizationOptions extends VariantOptions {
  /**
   * Training examples that calibrate the ranges of activations.
   * @asType integer
   * @minimum 1
   * @default 1000
   */
  readonly calibrationSamples?: number;
  /**
   * Left out: the ranges that the model states, where it was quantized before (ONNX with QuantizeLinear, TFMOT); of other
   * activations `squaredError` for int8 of a network with batch norms, else `minMax`.
   */
  readonly observer?: ObserverChoice;
  /**
   * Type of activations; weights are int8 in both.
   * @default "int8"
   */
  readonly activations?: ActivationType;
  /**
   * Even out the ranges of layers that follow each other, where they are not clustered.
   * @default true
   */
  readonly crossLayerEqualization?: boolean;
  /**
   * Take the mean error of rounded kernels out of the biases. Left out: where the network has batch norms.
   */
  readonly biasCorrection?: boolean;
  /**
   * Steps that learn how to round the 4-bit weights of each layer (AdaRound); 0 for none. 8-bit weights are rounded to
   * nearest.
   * @asType integer
   * @minimum 0
   * @default 1000
   */
  readonly roundingSteps?: number;
  readonly interface?: InterfaceType;
}

/** How the range of an activation follows from what is seen of it. */
export type ObserverChoice =
  | { readonly kind: 'minMax' }
  /** The range that rounds what is seen to int8 with the least squared error; outputs keep minimum and maximum. */
  | { readonly kind: 'squaredError' }
  | {
      readonly kind: 'movingAverage';
      /**
       * Weight of the old range.
       * @minimum 0
       * @exclusiveMaximum 1
       */
      readonly momentum: number;
    }
  | {
      readonly kind: 'percentile';
      /**
       * Part of the values that the range holds, in percent.
       * @minimum 50
       * @maximum 100
       * @examples [99.99]
       */
      readonly percentile: number;
    };

/**
 * Type of the .tflite's inputs and outputs.
 * @default "int8"
 */
export type InterfaceType = 'int8' | 'uint8' | 'float32';
