/** What has been measured of single layers, as it is kept for a later measurement. */
import { type Guard, isArrayOf, isBoolean, isNumber, isObjectOf, optional } from '../../shared/checked-json.ts';
import type { ActivationBits } from '../../shared/layer-choices.ts';
import { type Bytes, byteCounts, type ChoiceSensitivity } from '../../shared/sensitivity.ts';
import type { WeightBits } from '../../shared/techniques.ts';
import type { ParameterId } from '../network/network.ts';

/** Cycles depend on the target and take no time. */
export type MeasuredChoice = Omit<ChoiceSensitivity, 'cycles'>;

/** A part of a measurement, besides network, data, seed, engine and code: those are for whom keeps it. */
export interface LayerPart {
  readonly kernel: ParameterId;
  /** Each by itself: who asks may want the weights alone. */
  readonly of: 'weights' | 'activations';
  readonly divergence: string;
  /** Training examples in all, and those that outputs are compared on. */
  readonly size: number;
  readonly examples: number;
}

export interface KeptLayer {
  readonly fitted: boolean;
  readonly choices: readonly MeasuredChoice[];
}

/** Where layers that are done are kept, so that a measurement that ended early goes on with them. */
export interface KeptLayers {
  /** Undefined for a part that is not there, or is damaged. */
  read(part: LayerPart): Promise<KeptLayer | undefined>;
  keep(part: LayerPart, layer: KeptLayer): Promise<void>;
}

const isWeightBits: Guard<WeightBits> = (value): value is WeightBits => value === 8 || value === 4;
const isActivationBits: Guard<ActivationBits> = (value): value is ActivationBits => value === 8 || value === 16;
const isBytes: Guard<Bytes> = (value): value is Bytes =>
  isObjectOf<Bytes>({ raw: isNumber, gzip: isNumber, packed: isNumber, ethosU: isNumber })(value) &&
  byteCounts.every((count) => value[count] >= 0);

export const isKeptLayer: Guard<KeptLayer> = isObjectOf<KeptLayer>({
  fitted: isBoolean,
  choices: isArrayOf(
    isObjectOf<MeasuredChoice>({
      sparsity: isNumber,
      clusters: isNumber,
      bits: isWeightBits,
      activations: optional(isActivationBits),
      divergence: isNumber,
      measured: isBoolean,
      bytes: isBytes,
    }),
  ),
});
