/**
 * What a layer's kernel may become: one row for each dial that a search turns. Sensitivity, allocation and the recipes
 * that a search writes read this table. A new dial is a field of `LayerChoice`, a row here, and its line in
 * `core/sensitivity/fit-layer.ts`.
 */
import { formatPercent } from './drawing/format.ts';
import type { LayerRule } from './recipe/layer-rule.ts';
import type { WeightBits } from './techniques.ts';

/** Settings of one layer. */
export interface LayerChoice {
  /** Share of the weights that are zero, in [0, 1). */
  readonly sparsity: number;
  /** Values that the weights may take; 0: any. */
  readonly clusters: number;
  readonly bits: WeightBits;
  /**
   * Bits of the layer's input and output, with 8-bit weights. Undefined: they are not rounded, so that what the weights do
   * is seen alone.
   */
  readonly activations?: ActivationBits | undefined;
}

export type ActivationBits = 8 | 16;

export interface DialRow {
  /** From the mildest setting, which changes nothing, to the strongest. */
  readonly levels: readonly number[];
  /** `80% zeros`, `16 values`; empty for the mildest setting. */
  describe(level: number): string;
  /** The part of a layer rule that sets it. */
  rule(level: number): Omit<LayerRule, 'pattern'>;
}

export const dials: Readonly<Record<Exclude<keyof LayerChoice, 'bits' | 'activations'>, DialRow>> = {
  sparsity: {
    levels: [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99],
    describe: (level) => (level === 0 ? '' : `${formatPercent(level, 1)} zeros`),
    rule: (level) => (level === 0 ? { exclude: ['pruning'] } : { sparsity: level }),
  },
  clusters: {
    levels: [0, 32, 16, 8, 4],
    describe: (level) => (level === 0 ? '' : `${level} values`),
    rule: (level) => (level === 0 ? { exclude: ['clustering'] } : { clusters: level }),
  },
};

/** The layer as it is: 8-bit weights, any value. */
export const wholeChoice: LayerChoice = { sparsity: 0, clusters: 0, bits: 8 };

/**
 * Every setting of sparsity with every setting of values, and 4 bits alone: what stands beside 15 levels a channel adds
 * little.
 */
export const weightChoices: readonly LayerChoice[] = [
  ...dials.clusters.levels.flatMap((clusters) => dials.sparsity.levels.map((sparsity) => ({ sparsity, clusters, bits: 8 as const }))),
  { sparsity: 0, clusters: 0, bits: 4 },
];

/** Activations of int8, as in every int8 file, and of int16 (16x8): the second beside the first says what int16 is worth. */
export const activationChoices: readonly LayerChoice[] = ([8, 16] as const).map((activations) => ({ ...wholeChoice, activations }));

export const layerChoices: readonly LayerChoice[] = [...weightChoices, ...activationChoices];

/** Those that turn one dial alone. */
export const singleChoices: readonly LayerChoice[] = layerChoices.filter(
  ({ sparsity, clusters, bits, activations }) =>
    Number(sparsity > 0) + Number(clusters > 0) + Number(bits !== 8) + Number(activations !== undefined) === 1,
);

/** Whether these are settings of a layer's weights, which an allocation chooses by their bytes. */
export function isSettable({ activations }: LayerChoice): boolean {
  return activations === undefined;
}

/** `80% zeros, 16 values`; `8 bits` for the layer as it is; `int16 activations`. */
export function describeChoice({ sparsity, clusters, bits, activations }: LayerChoice): string {
  if (activations !== undefined) return `int${activations} activations`;
  const parts = [dials.sparsity.describe(sparsity), dials.clusters.describe(clusters)].filter((part) => part !== '');
  return parts.length === 0 ? `${bits} bits` : [...parts, ...(bits === 8 ? [] : [`${bits} bits`])].join(', ');
}

export function sameChoice(a: LayerChoice, b: LayerChoice): boolean {
  return a.sparsity === b.sparsity && a.clusters === b.clusters && a.bits === b.bits && a.activations === b.activations;
}
