import { findConstraint, type NetworkConstraints } from '../../constraints/constraint.ts';
import type { ParameterId } from '../../network/network.ts';
import type { MaskSchedule } from '../../train/fine-tuning.ts';
import { contributions, magnitudeMask } from './magnitude-masks.ts';
import type { InputDeviations } from './mask-schedule.ts';

/** Steps between two choices. */
const frequency = 16;
/** Part of the training after which masks hold. */
const movingShare = 0.7;

/**
 * Masks that keep as many weights as they do now, but choose which ones again while the network trains, by what the
 * latent weights contribute; weights at zero go on learning, as all gradients pass straight through the mask. Lin et al.
 * 2020, arXiv:2006.07253 (dynamic pruning with feedback). Masks of groups and blocks hold.
 *
 * @param constraints of the network that trains
 * @param kernels whose masks may move
 * @returns undefined where no mask may
 */
export function movingMasks(
  constraints: NetworkConstraints,
  kernels: ReadonlySet<ParameterId>,
  deviations: InputDeviations,
  steps: number,
): MaskSchedule | undefined {
  const kept = new Map<ParameterId, number>();
  for (const id of kernels) {
    const sparsity = findConstraint(constraints.get(id) ?? [], 'sparsity');
    const demand = sparsity?.demand?.kind;
    if (sparsity?.mask.includes(0) !== true || demand === 'groups' || demand === 'blocks' || sparsity.runtime !== undefined) continue;
    kept.set(
      id,
      sparsity.mask.reduce((sum, keep) => sum + keep, 0),
    );
  }
  if (kept.size === 0) return undefined;
  return {
    maskedWeightsLearn: true,
    due: (step) => step % frequency === 0 && step <= movingShare * steps,
    masks: (_, weights) =>
      new Map(
        [...kept].flatMap(([id, count]) => {
          const data = weights.get(id);
          return data === undefined ? [] : [[id, magnitudeMask(contributions(data, deviations.get(id)), 1 - count / data.length)] as const];
        }),
      ),
  };
}
