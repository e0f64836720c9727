/** Which layers of a file get int16 activations. */
import type { Bytes, LayerSensitivity, SensitivityReport } from '../../shared/sensitivity.ts';
import type { Allocation } from './allocate-layers.ts';

/** What int16 activations of some layers take. */
export interface Int16Cost {
  /** Of the given layers those for which int16 changes anything: not between neighbours that are int8. */
  readonly layers: readonly string[];
  /** Of the file, besides kernels. */
  readonly bytes: Bytes;
}

export type Int16CostOf = (layers: readonly string[]) => Int16Cost;

/** Part of what the whole file loses that int8 activations of a layer have to lose. */
const leastShare = 0.1;

/**
 * How much less a divergence int16 activations have than int8 ones that makes a difference for a loss of accuracy. By Pinsker's
 * inequality a divergence D, in nats, moves the probabilities of classes by at most sqrt(D / 2): what moves them by less than the loss that is
 * allowed is not worth the RAM. Squared errors over the variance of the output are held against the same figure.
 */
export function leastInt16Gain(accuracyDrop: number): number {
  return 2 * accuracyDrop ** 2;
}

/**
 * The layers for which int16 activations are worth it, the one that gains most first: the gain of each is a tenth and more of what the
 * file loses by weights and activations together. None that an allocation gives 4-bit weights, which have no int16 kernels in TFLite Micro.
 */
export function int16Gains(
  { layers }: Pick<SensitivityReport, 'layers'>,
  { choices, divergence }: Allocation,
  leastGain: number,
): readonly { readonly layer: string; readonly gain: number }[] {
  const gains = layers.map((layer) => ({ layer: layer.layer, gain: gainOf(layer) }));
  const total = divergence + gains.reduce((sum, { gain }) => sum + gain, 0);
  const narrow = new Set(choices.filter(({ choice }) => choice.bits === 4).map(({ layer }) => layer));
  return gains
    .filter(({ layer, gain }) => gain > 0 && gain >= leastGain && gain >= leastShare * total && !narrow.has(layer))
    .toSorted((a, b) => b.gain - a.gain);
}

/** Of a layer whose activations were not measured, 0. */
function gainOf({ choices }: LayerSensitivity): number {
  const divergenceWith = (bits: 8 | 16): number | undefined => choices.find(({ activations }) => activations === bits)?.divergence;
  const gain = (divergenceWith(8) ?? 0) - (divergenceWith(16) ?? Infinity);
  return Number.isFinite(gain) ? Math.max(0, gain) : 0;
}

/** The allocation with int16 activations of these layers, but for those of 4-bit weights. */
export function giveInt16(allocation: Allocation, layers: ReadonlySet<string>): Allocation {
  return {
    ...allocation,
    choices: allocation.choices.map((each) =>
      layers.has(each.layer) && each.choice.bits === 8 ? { ...each, activations: 'int16' } : each,
    ),
  };
}
