import type { Targets } from '../../shared/recipe/targets.ts';
import { budgetCounts } from '../../shared/search-budget.ts';
import type { Candidate } from '../search/candidate.ts';
import { type FieldBasis, planField } from '../search/candidates.ts';
import { leastInt16Gain } from '../search/choose-int16.ts';
import type { Rung } from '../search/rounds.ts';
import { type DeviceSetting, deviceLimits } from './check-device.ts';
import { checkTogether } from './check-search.ts';
import type { Structures } from './search-support.ts';

/** A budget on its way through the rounds. */
export interface Contest {
  readonly budget: Targets;
  /** From 1, in the names of nodes. */
  readonly place: number;
  readonly rungs: readonly Rung[];
  readonly basis: FieldBasis;
  /** Those that the next round trains. */
  field: readonly Candidate[];
}

/** @throws EspalierError where no candidate keeps what the budget limits, before any is trained */
export function planContest(budget: Targets, place: number, rungs: readonly Rung[], setting: DeviceSetting): Contest {
  const { recipe, structures, sensitivity } = setting;
  const limits = deviceLimits(budget, setting);
  const basis: FieldBasis = {
    report: sensitivity,
    narrow: (parts) => structures.narrow(parts),
    int16: int16Of(budget, structures),
    keeps: (form) => limits.keeps(form),
  };
  const candidates = planField(basis, budgetCounts(budget), recipe.training?.distillation !== undefined);
  checkTogether(budget, candidates);
  return { budget, place, rungs, basis, field: limits.keeping(candidates).slice(0, rungs[0]?.candidates ?? 1) };
}

/**
 * A search gives int16 activations only where the budget limits the loss, since that limit says how much they must gain. Their
 * time is not known well enough to keep a limit of cycles or latency.
 */
function int16Of(budget: Targets, structures: Structures): FieldBasis['int16'] {
  const { accuracyDrop, cycles, latencyMilliseconds } = budget;
  if (accuracyDrop === undefined || cycles !== undefined || latencyMilliseconds !== undefined) return undefined;
  return { costOf: (layers) => structures.int16Cost(layers), leastGain: leastInt16Gain(accuracyDrop) };
}
