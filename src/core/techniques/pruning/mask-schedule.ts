import type { SparsityDemand } from '../../constraints/constraint.ts';
import { projectSparsity } from '../../constraints/sparsity.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import type { MaskSchedule } from '../../train/fine-tuning.ts';
import type { SelectedKernel } from '../layer-rules.ts';
import { contributions, globalMagnitudeMasks, keptCount, layerAdaptiveScores, magnitudeMask } from './magnitude-masks.ts';
import type { PruningStructure } from './pruning-structure.ts';
import { isPruningStep, type PruningSchedule, pruningSteps, scheduleProgress } from './schedules.ts';
import { blockMask, countBlocks, groupMask } from './structured-masks.ts';

/** The standard deviation of what each weight of a filter is multiplied with, `[d]` a kernel, see `inputDeviations`. */
export type InputDeviations = ReadonlyMap<ParameterId, Float32Array>;

type PrunedKernel = Pick<SelectedKernel<'sparsity'>, 'parameter' | 'shape' | 'settings' | 'ruled'>;

/**
 * Computes masks from the current weights at the steps of the schedule. Layers with their own sparsity reach it in step
 * with the others. A schedule that never fires within `steps` prunes at the last step, so that the final sparsity is
 * reached.
 */
export function scheduledMasks(
  kernels: readonly PrunedKernel[],
  schedule: PruningSchedule,
  structure: PruningStructure,
  steps: number,
  deviations?: InputDeviations,
): MaskSchedule {
  const fires = pruningSteps(schedule, steps).length > 0;
  return {
    due: (step) => (fires ? isPruningStep(schedule, step) : step === steps),
    masks: (step, weights) => {
      const progress = fires ? scheduleProgress(schedule, step) : 1;
      return pruningMasks(kernels, weights, structure, progress, deviations);
    },
  };
}

/**
 * Masks of all kernels from their current weights. A kernel that a rule gives a sparsity of its own reaches it by itself
 * in every structure; the threshold of the whole model is for the others.
 *
 * @param progress how much of each kernel's final sparsity to reach now, 0 to 1
 * @param deviations of the inputs; where there are some, weights are ranked by what they contribute, `|w| * deviation`
 */
export function pruningMasks(
  kernels: readonly PrunedKernel[],
  weights: ReadonlyMap<ParameterId, Float32Array>,
  structure: PruningStructure,
  progress: number,
  deviations?: InputDeviations,
): ReadonlyMap<ParameterId, Uint8Array> {
  const current = kernels.map((kernel) => ({
    ...kernel,
    data: contributions(weights.get(kernel.parameter) ?? new Float32Array(0), deviations?.get(kernel.parameter)),
  }));
  const together = current.filter((kernel) => sharesThreshold(kernel, structure));
  const masks = new Map(sharedMasks(together, structure, progress));
  for (const { parameter, shape, settings, data } of current) {
    if (masks.has(parameter)) continue;
    masks.set(parameter, maskOf(data, shape, settings.sparsity * progress, structure));
  }
  // In the order of the kernels, which later steps depend on.
  return new Map(
    kernels.flatMap(({ parameter }) => (masks.has(parameter) ? [[parameter, masks.get(parameter) ?? new Uint8Array(0)] as const] : [])),
  );
}

function sharesThreshold({ ruled }: PrunedKernel, structure: PruningStructure): boolean {
  return structure.kind === 'weights' && structure.scope !== 'layer' && !ruled.has('sparsity');
}

function sharedMasks(
  kernels: readonly (PrunedKernel & { readonly data: Float32Array })[],
  structure: PruningStructure,
  progress: number,
): ReadonlyMap<ParameterId, Uint8Array> {
  const [first] = kernels;
  if (first === undefined) return new Map();
  const scores =
    structure.kind === 'weights' && structure.scope === 'adaptive' ? layerAdaptiveScores : (data: Float32Array): Float32Array => data;
  // Without rules of their own they all have the technique's sparsity.
  return globalMagnitudeMasks(new Map(kernels.map(({ parameter, data }) => [parameter, scores(data)])), first.settings.sparsity * progress);
}

function maskOf(data: Float32Array, shape: readonly number[], sparsity: number, structure: PruningStructure): Uint8Array {
  switch (structure.kind) {
    case 'weights':
      return magnitudeMask(data, sparsity);
    case 'groups':
      return groupMask(data, shape, structure.zeros, structure.group);
    case 'blocks':
      return blockMask(data, shape, sparsity, structure);
  }
}

/** The sparsity required of each kernel, from the recipe alone, so that a certificate can check the masks. */
export function sparsityDemands(kernels: readonly PrunedKernel[], structure: PruningStructure): ReadonlyMap<ParameterId, SparsityDemand> {
  const together = kernels.filter((kernel) => sharesThreshold(kernel, structure));
  const all = together.reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  // A kernel keeps one weight even when all are below the threshold.
  const shared = Math.max(0, all - keptCount(all, together[0]?.settings.sparsity ?? 0) - together.length);
  return new Map(
    kernels.map((kernel): [ParameterId, SparsityDemand] => [
      kernel.parameter,
      together.includes(kernel) ? { kind: 'shared', zeros: shared } : demandOf(kernel, structure),
    ]),
  );
}

function demandOf({ shape, settings }: PrunedKernel, structure: PruningStructure): SparsityDemand {
  switch (structure.kind) {
    case 'weights':
      return { kind: 'zeros', zeros: elementsOf(shape) - keptCount(elementsOf(shape), settings.sparsity) };
    case 'groups':
      return { kind: 'groups', zeros: structure.zeros, group: structure.group };
    case 'blocks': {
      const blocks = countBlocks(shape, structure.size);
      return { kind: 'blocks', size: structure.size, zeros: blocks - keptCount(blocks, settings.sparsity) };
    }
  }
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The network with zeros where the masks of its kernels have them. */
export function withMaskedWeights(network: Network, masks: ReadonlyMap<ParameterId, Uint8Array>): Network {
  const parameters = new Map(network.parameters);
  for (const [id, mask] of masks) {
    const parameter = parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { ...parameter, data: projectSparsity(parameter.data, { mask }) });
  }
  return { ...network, parameters };
}
