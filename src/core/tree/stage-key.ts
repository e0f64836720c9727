import type { LayerRule } from '../../shared/recipe/run-options.ts';
import type { Stage } from './deployment-tree.ts';
import { digestOf } from './store/digest.ts';

/** What every stage of one model depends on. */
export interface RootDependencies {
  /** Digest of the model's bytes. */
  readonly model: string;
  /** Digest of the data block and the bytes of all files that it names. */
  readonly data: string;
  readonly seed: number;
  /** With version, provider and threads: other engines round differently. */
  readonly engine: string;
  readonly runtime: string;
  /** Digest of the code that computes. */
  readonly code: string;
  readonly latency: boolean;
}

/**
 * The content address of a stage's result: everything it depends on, its parent's address included.
 *
 * @param parent key of the parent, or what the root depends on
 */
export function stageKey(parent: string | RootDependencies, stage: Stage, rules: readonly LayerRule[]): string {
  return digestOf({ parent, stage, rules: rules.flatMap((rule) => relevantPart(rule, stage)) });
}

/** So that a changed cluster count does not prune again. */
function relevantPart(rule: LayerRule, { technique }: Stage): readonly object[] {
  const { pattern, sparsity, clusters, exclude } = rule;
  switch (technique) {
    case 'pruning': {
      const excluded = exclude?.includes('pruning') === true;
      return sparsity === undefined && !excluded ? [] : [{ pattern, sparsity, excluded }];
    }
    case 'clustering':
    case 'sparsity-preserving-clustering': {
      const excluded = exclude?.includes('clustering') === true;
      return clusters === undefined && !excluded ? [] : [{ pattern, clusters, excluded }];
    }
    case 'baseline':
    case 'fine-tuning':
    case 'ptq':
    case 'qat':
    case 'pqat':
    case 'cqat':
    case 'pcqat':
      return [];
  }
}
