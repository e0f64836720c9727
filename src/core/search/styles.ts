import type { LayerChoice } from '../../shared/layer-choices.ts';
import type { ClusteringOptions } from '../../shared/recipe/clustering-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';

/** How a candidate reaches its bytes, and what its training learns from. */
export interface Style {
  /** One letter, for the names of nodes. */
  readonly name: string;
  /** Choices of layers that may be taken; default: all. */
  readonly allows?: ((choice: LayerChoice) => boolean) | undefined;
  readonly training: TrainingOptions;
  /** Options of the stage that chooses values. */
  readonly clustering: Pick<ClusteringOptions, 'rateWeight' | 'movingMasks' | 'learningRate'>;
  /**
   * How many of a layer's zeros are whole filters: of a layer that keeps a share d of its weights, `d ** narrowing` of the
   * filters stay, and single weights of these are pruned to the same d. 0: none are removed.
   */
  readonly narrowing: number;
  /** Whether it is the more promising where an allocation leaves few weights. */
  readonly forFewWeights: boolean;
}

/** A bit costs more than clustering's default, which measured better at the same bytes with up to 95% zeros. */
const dearBits: Style['clustering'] = { rateWeight: 2 };
/**
 * Where few weights are left, a high price of bits turns many of these into zeros as well, which training cannot mend: so
 * zeros are chosen by masks, which may still move while values are learned, for which the rate is higher.
 */
const cheapBits: Style['clustering'] = { rateWeight: 0.25, movingMasks: true, learningRate: 5e-4 };
const freeBits: Style['clustering'] = { ...cheapBits, rateWeight: 0 };

const fewValues: Style['allows'] = ({ clusters }) => clusters > 0 && clusters <= 8;
const distilled: TrainingOptions = { distillation: true };

/**
 * The first is what moves the output least before training. The others are there because training mends zeros, few values
 * and missing filters differently, and because it depends on the data whether labels or the trained model teach better.
 */
export const styles: readonly Style[] = [
  { name: 'a', training: {}, clustering: dearBits, narrowing: 0, forFewWeights: false },
  { name: 'b', training: {}, clustering: cheapBits, narrowing: 1 / 3, forFewWeights: true },
  { name: 'c', training: {}, clustering: freeBits, narrowing: 0, forFewWeights: true, allows: fewValues },
  { name: 'd', training: distilled, clustering: cheapBits, narrowing: 1 / 3, forFewWeights: true },
  { name: 'e', training: {}, clustering: cheapBits, narrowing: 1 / 4, forFewWeights: true },
  { name: 'f', training: distilled, clustering: dearBits, narrowing: 0, forFewWeights: false },
  { name: 'g', training: distilled, clustering: freeBits, narrowing: 0, forFewWeights: true, allows: fewValues },
  { name: 'h', training: {}, clustering: dearBits, narrowing: 0, forFewWeights: false, allows: ({ clusters }) => clusters >= 16 },
];
