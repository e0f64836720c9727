import type { Technique } from '../../shared/tree.ts';

/** Where a technique of a recipe stands in the tree that the recipe grows by default; `key` is its name under `techniques`. */
export const defaultNodes: readonly { readonly key: string; readonly technique: Technique; readonly id: string }[] = [
  { key: 'fineTuning', technique: 'fine-tuning', id: 'fine-tuned' },
  { key: 'ptq', technique: 'ptq', id: 'ptq' },
  { key: 'qat', technique: 'qat', id: 'qat' },
  { key: 'pruning', technique: 'pruning', id: 'pruned' },
  { key: 'pqat', technique: 'pqat', id: 'pruned/pqat' },
  { key: 'sparsityPreservingClustering', technique: 'sparsity-preserving-clustering', id: 'pruned/clustered' },
  { key: 'pcqat', technique: 'pcqat', id: 'pruned/clustered/pcqat' },
  { key: 'clustering', technique: 'clustering', id: 'clustered' },
  { key: 'cqat', technique: 'cqat', id: 'clustered/cqat' },
];
