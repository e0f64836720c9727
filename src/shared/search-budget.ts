/** Budgets of a search as recipes and the command line give them. */
import type { LayerRule } from './recipe/layer-rule.ts';
import type { ParetoSearch, Strategy, Targets } from './recipe/targets.ts';
import type { ByteCount } from './sensitivity.ts';

/** Targets that follow from the settings of layers, with the way to count a kernel's bytes. */
const countedTargets = {
  compressedBytes: 'gzip',
  packedBytes: 'packed',
  fileBytes: 'raw',
  ethosUBytes: 'ethosU',
} as const satisfies Partial<Record<keyof Targets, ByteCount>>;

export type CountedTarget = keyof typeof countedTargets;

/** In the order in which they are named. */
export const countedTargetKeys: readonly CountedTarget[] = ['compressedBytes', 'packedBytes', 'fileBytes', 'ethosUBytes'];

export interface CountedBudget {
  readonly count: (typeof countedTargets)[CountedTarget];
  readonly bytes: number;
}

/** The sizes that a budget limits; none where it limits other measures alone. */
export function budgetCounts(budget: Targets): readonly CountedBudget[] {
  return countedTargetKeys.flatMap((key) => {
    const bytes = budget[key];
    return bytes === undefined ? [] : [{ count: countedTargets[key], bytes }];
  });
}

/** What the search of a recipe looks for, an entry for each file; undefined without a search. */
export function searchBudgets({
  strategy,
  targets,
}: {
  readonly strategy?: Strategy | undefined;
  readonly targets?: Targets | undefined;
}): readonly Targets[] | undefined {
  const search = paretoSearch(strategy);
  return search && budgetsOf(search, targets);
}

/** Those of the search, or the targets of its recipe as the only one. */
export function budgetsOf({ budgets }: ParetoSearch, targets: Targets | undefined): readonly Targets[] {
  return budgets ?? [targets ?? {}];
}

export function paretoSearch(strategy: Strategy | undefined): ParetoSearch | undefined {
  return typeof strategy === 'object' && strategy.kind === 'pareto' ? strategy : undefined;
}

/** Fields of rules for layers that a search sets itself: its own would win. */
export const searchedFields = ['sparsity', 'filters', 'clusters'] as const satisfies readonly (keyof LayerRule)[];

/** Whole bytes, as budgets have them; undefined where they are less than one. */
export function bytesOfKilobytes(kilobytes: number): number | undefined {
  const bytes = Math.round(kilobytes * 1000);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
