import type { CountedBudget } from '../../shared/search-budget.ts';
import type { Allocation } from './allocate-layers.ts';
import type { Style } from './styles.ts';

/** A style within a budget. */
export interface Candidate {
  readonly style: Style;
  /** The bytes that are short. */
  readonly count: CountedBudget['count'];
  readonly allocation: Allocation;
}
