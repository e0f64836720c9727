import type { ActivationType, WeightBits } from '../../shared/recipe/layer-rule.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';

export type { ActivationType };

/** `real = scale * (integer - zeroPoint)`. */
export interface TensorQuantization {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly type: ActivationType;
}

/** Observed or learned range of a value; `minimum <= 0 <= maximum`. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** Symmetric weights: `[1]` scale per tensor, or one a channel along `axis`; zero point 0, integers in [-127, 127], or [-7, 7] of 4 bits. */
export interface WeightQuantization {
  readonly scales: Float32Array;
  readonly axis: number | undefined;
  /** Default: 8. */
  readonly bits?: WeightBits | undefined;
}

/**
 * A network (batch norms folded, activations fused) with all that the integer .tflite needs. Values without an entry
 * of their own share one through the operations that keep scales (pools, reshape, concat, pad).
 */
export interface QuantizedNetwork {
  readonly network: Network;
  readonly activations: ReadonlyMap<ValueId, TensorQuantization>;
  /** Of all values that have no type of their own. */
  readonly activationType: ActivationType;
  readonly weights: ReadonlyMap<ParameterId, WeightQuantization>;
}
