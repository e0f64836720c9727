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

/** Higher than clustering's default: it measured better at the same bytes with up to 95% zeros. */
const highRateWeight: Style['clustering'] = { rateWeight: 2 };
/**
 * Where few weights are left, a high rate weight turns many of these into zeros as well, which training cannot make up for.
 * So masks choose the zeros. They may still move while values are learned, which takes a higher learning rate.
 */
const lowRateWeight: Style['clustering'] = { rateWeight: 0.25, movingMasks: true, learningRate: 5e-4 };
const noRateWeight: Style['clustering'] = { ...lowRateWeight, rateWeight: 0 };

const fewValues: Style['allows'] = ({ clusters }) => clusters > 0 && clusters <= 8;
const distilled: TrainingOptions = { distillation: true };

/**
 * The first is what moves the output least before training. The others are there because training makes up for zeros, few
 * values and missing filters to different degrees, and because it depends on the data whether labels or distillation are better.
 */
export const styles: readonly Style[] = [
  { name: 'a', training: {}, clustering: highRateWeight, narrowing: 0, forFewWeights: false },
  { name: 'b', training: {}, clustering: lowRateWeight, narrowing: 1 / 3, forFewWeights: true },
  { name: 'c', training: {}, clustering: noRateWeight, narrowing: 0, forFewWeights: true, allows: fewValues },
  { name: 'd', training: distilled, clustering: lowRateWeight, narrowing: 1 / 3, forFewWeights: true },
  { name: 'e', training: {}, clustering: lowRateWeight, narrowing: 1 / 4, forFewWeights: true },
  { name: 'f', training: distilled, clustering: highRateWeight, narrowing: 0, forFewWeights: false },
  { name: 'g', training: distilled, clustering: noRateWeight, narrowing: 0, forFewWeights: true, allows: fewValues },
  { name: 'h', training: {}, clustering: highRateWeight, narrowing: 0, forFewWeights: false, allows: ({ clusters }) => clusters >= 16 },
];
