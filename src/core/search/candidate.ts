import type { Allocation } from './allocate-layers.ts';
import type { Style } from './styles.ts';

/** A file that a search tries: the settings of each layer that keep a budget, reached in a style. */
export interface Candidate {
  readonly style: Style;
  readonly allocation: Allocation;
}
