import type { LayerRule } from './layer-rule.ts';

export interface VariantOptions {
  /**
   * Tells this variant's nodes from the others': `70` makes `pruned-70`. The first variant needs none.
   * @pattern ^[A-Za-z0-9][A-Za-z0-9-]*$
   */
  readonly name?: string;
  /** Rules for single layers of this variant alone, after those of the recipe. */
  readonly layers?: readonly LayerRule[];
}
