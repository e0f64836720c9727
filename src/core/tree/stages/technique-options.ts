/** From the recipe's words to the techniques' options. */
import { EspalierError, unreachable } from '../../errors.ts';
import type { Network } from '../../network/network.ts';
import type { ClusteringOptions as ClusteringTechniqueOptions, ClusteringSettings } from '../../techniques/clustering.ts';
import type { TrainingOptions as StageTraining } from '../../techniques/fine-tuning-stage.ts';
import type { LayerRule as TechniqueRule } from '../../techniques/layer-rules.ts';
import type { PostTrainingQuantizationOptions as PtqTechniqueOptions } from '../../techniques/post-training-quantization.ts';
import type { PruningOptions as PruningTechniqueOptions, PruningSettings } from '../../techniques/pruning.ts';
import type { PruningSchedule } from '../../techniques/pruning/schedules.ts';
import type { PruningStructure } from '../../techniques/pruning/pruning-structure.ts';
import type { QuantizationAwareTrainingOptions as QatTechniqueOptions } from '../../techniques/quantization-aware-training.ts';
import type { ClusteringOptions } from '../../../shared/recipe/clustering-options.ts';
import type { PruningOptions } from '../../../shared/recipe/pruning-options.ts';
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from '../../../shared/recipe/quantization-options.ts';
import type { LayerRule } from '../../../shared/recipe/run-options.ts';
import type { TrainingOptions } from '../../../shared/recipe/training-options.ts';
import { defaultClusters, defaultSparsity } from '../../techniques/defaults.ts';

/** @param teacher the baseline, for distillation */
export function trainingOptions(options: TrainingOptions, teacher: () => Network): StageTraining {
  const { epochs, steps, batchSize, learningRate, learningRateSchedule, restoreBest, batchNorm, distillation, freeze } = options;
  return {
    ...(epochs === undefined ? {} : { epochs }),
    ...(steps === undefined ? {} : { steps }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(learningRateSchedule === undefined ? {} : { learningRateSchedule }),
    ...(restoreBest === undefined ? {} : { restoreBest }),
    ...(batchNorm === undefined ? {} : { batchNorm }),
    ...(freeze === undefined ? {} : { freeze }),
    ...(distillation === undefined || distillation === false
      ? {}
      : { distillation: { teacher: teacher(), ...(distillation === true ? {} : distillation) } }),
  };
}

export function pruningOptions(options: PruningOptions, rules: readonly LayerRule[], teacher: () => Network): PruningTechniqueOptions {
  const sparsity = options.sparsity ?? defaultSparsity;
  return {
    ...trainingOptions(options, teacher),
    sparsity,
    ...(options.schedule === undefined ? {} : { schedule: pruningSchedule(options.schedule, sparsity) }),
    ...(options.reconstruction === undefined ? {} : { reconstruction: options.reconstruction }),
    ...(options.structure === undefined || options.structure === 'automatic' || options.structure === 'filters'
      ? {}
      : { structure: pruningStructure(options.structure) }),
    ...protection(options),
    rules: [
      ...rules.flatMap((rule): TechniqueRule<PruningSettings>[] => {
        if (rule.exclude?.includes('pruning') === true) return [{ layers: rule.pattern, exclude: true }];
        return rule.sparsity === undefined ? [] : [{ layers: rule.pattern, settings: { sparsity: rule.sparsity } }];
      }),
      ...frozenRules(options),
    ],
  };
}

export function clusteringOptions(
  options: ClusteringOptions,
  rules: readonly LayerRule[],
  teacher: () => Network,
): ClusteringTechniqueOptions {
  const { clusters, granularity, initialization, reconstruction, gradient, weighting, rateWeight, integerGrid } = options;
  return {
    ...trainingOptions(options, teacher),
    clusters: clusters ?? defaultClusters,
    granularity: granularity ?? 'tensor',
    ...(initialization === undefined ? {} : { initialization }),
    ...(reconstruction === undefined ? {} : { reconstruction }),
    ...(gradient === undefined ? {} : { gradient }),
    ...(weighting === undefined ? {} : { weighting }),
    ...(rateWeight === undefined ? {} : { rateWeight }),
    ...(integerGrid === undefined ? {} : { integerGrid }),
    ...protection(options),
    rules: [
      ...rules.flatMap((rule): TechniqueRule<ClusteringSettings>[] => {
        if (rule.exclude?.includes('clustering') === true) return [{ layers: rule.pattern, exclude: true }];
        return rule.clusters === undefined ? [] : [{ layers: rule.pattern, settings: { clusters: rule.clusters } }];
      }),
      ...frozenRules(options),
    ],
  };
}

export function quantizationAwareTrainingOptions(options: QuantizationAwareTrainingOptions, teacher: () => Network): QatTechniqueOptions {
  const { weightScales, freezeRangesAfter } = options;
  return {
    ...trainingOptions(options, teacher),
    ...(weightScales === undefined ? {} : { weightScales }),
    ...(freezeRangesAfter === undefined ? {} : { freezeRangesAfter }),
  };
}

export function postTrainingQuantizationOptions(options: PostTrainingQuantizationOptions): PtqTechniqueOptions {
  const { calibrationSamples, observer, activations, crossLayerEqualization, biasCorrection } = options;
  return {
    ...(calibrationSamples === undefined ? {} : { samples: calibrationSamples }),
    ...(observer === undefined ? {} : { observer }),
    ...(activations === undefined ? {} : { activationType: activations }),
    ...(crossLayerEqualization === undefined ? {} : { crossLayerEqualization }),
    ...(biasCorrection === undefined ? {} : { biasCorrection }),
  };
}

function frozenRules({ freeze = [] }: TrainingOptions): TechniqueRule<never>[] {
  return freeze.map((layers) => ({ layers, exclude: true, optional: true }));
}

function protection({
  includeDepthwise,
  protectEnds,
}: PruningOptions | ClusteringOptions): Pick<PruningTechniqueOptions, 'includeDepthwise' | 'protectFirst' | 'protectLast'> {
  return {
    ...(includeDepthwise === undefined ? {} : { includeDepthwise }),
    ...(protectEnds === undefined ? {} : { protectFirst: protectEnds, protectLast: protectEnds }),
  };
}

function pruningSchedule(schedule: NonNullable<PruningOptions['schedule']>, sparsity: number): PruningSchedule {
  const { begin = 0, end, frequency = 100, initialSparsity = 0, power } = schedule;
  switch (schedule.kind) {
    case 'constant':
      return { kind: 'constant', sparsity, begin, frequency, ...(end === undefined ? {} : { end }) };
    case 'polynomial': {
      if (end === undefined)
        throw new EspalierError('invalid-recipe', 'a polynomial schedule has no end', {
          where: 'techniques.pruning.schedule',
          fix: 'add "end", the step at which the sparsity is reached',
        });
      return { kind: 'polynomial', initialSparsity, sparsity, begin, end, frequency, ...(power === undefined ? {} : { power }) };
    }
    default:
      return unreachable(schedule.kind);
  }
}

function pruningStructure(structure: Exclude<NonNullable<PruningOptions['structure']>, 'automatic' | 'filters'>): PruningStructure {
  if (structure === 'unstructured') return { kind: 'weights', scope: 'layer' };
  if (structure === 'adaptive') return { kind: 'weights', scope: 'adaptive' };
  if (structure === 'global') return { kind: 'weights', scope: 'model' };
  switch (structure.kind) {
    case 'groups':
      return structure;
    case 'blocks':
      return { ...structure, pooling: structure.pooling ?? 'average' };
    default:
      return unreachable(structure);
  }
}
