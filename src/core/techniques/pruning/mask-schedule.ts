import type { ParameterId } from '../../network/network.ts';
import type { MaskSchedule } from '../../train/fine-tuning.ts';
import type { SelectedKernel } from '../layer-rules.ts';
import { globalMagnitudeMasks, layerAdaptiveScores, magnitudeMask } from './magnitude-masks.ts';
import type { PruningStructure } from './pruning-structure.ts';
import { isPruningStep, type PruningSchedule, pruningSteps, scheduleProgress } from './schedules.ts';
import { blockMask, groupMask } from './structured-masks.ts';

type PrunedKernel = Pick<SelectedKernel<{ readonly sparsity: number }>, 'parameter' | 'shape' | 'settings'>;

/**
 * Masks of the kernels from their current weights, when the schedule says so. Layers with a sparsity of their own get
 * there in step with the others. A schedule that never fires within `steps` prunes at the last step, so that what was
 * asked for holds.
 */
export function scheduledMasks(
  kernels: readonly PrunedKernel[],
  schedule: PruningSchedule,
  structure: PruningStructure,
  steps: number,
): MaskSchedule {
  const fires = pruningSteps(schedule, steps).length > 0;
  return {
    due: (step) => (fires ? isPruningStep(schedule, step) : step === steps),
    masks: (step, weights) => {
      const progress = fires ? scheduleProgress(schedule, step) : 1;
      return pruningMasks(kernels, weights, structure, progress);
    },
  };
}

/** @param progress how much of each kernel's final sparsity to reach now, 0 to 1 */
export function pruningMasks(
  kernels: readonly PrunedKernel[],
  weights: ReadonlyMap<ParameterId, Float32Array>,
  structure: PruningStructure,
  progress: number,
): ReadonlyMap<ParameterId, Uint8Array> {
  const current = kernels.map((kernel) => ({ ...kernel, data: weights.get(kernel.parameter) ?? new Float32Array(0) }));
  if (structure.kind === 'weights' && structure.scope !== 'layer') {
    const sparsity = Math.max(...kernels.map(({ settings }) => settings.sparsity));
    const scores = structure.scope === 'adaptive' ? layerAdaptiveScores : (data: Float32Array) => data;
    return globalMagnitudeMasks(new Map(current.map(({ parameter, data }) => [parameter, scores(data)])), sparsity * progress);
  }
  return new Map(
    current.map(({ parameter, shape, settings, data }) => {
      switch (structure.kind) {
        case 'weights':
          return [parameter, magnitudeMask(data, settings.sparsity * progress)];
        case 'groups':
          return [parameter, groupMask(data, shape, structure.zeros, structure.group)];
        case 'blocks':
          return [parameter, blockMask(data, shape, settings.sparsity * progress, structure)];
      }
    }),
  );
}
