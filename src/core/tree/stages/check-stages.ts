import { EspalierError, isEspalierError, unreachable } from '../../errors.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import { checkClustering } from '../../techniques/clustering.ts';
import { checkFrozenLayers } from '../../techniques/frozen-layers.ts';
import { checkFilterPruning } from '../../techniques/filter-pruning.ts';
import { checkPruning } from '../../techniques/pruning.ts';
import type { LayerRule } from '../../../shared/recipe/run-options.ts';
import type { TreeNode } from '../../../shared/tree.ts';
import type { PlannedTree, Stage } from '../deployment-tree.ts';
import { clusteringOptions, pruningOptions } from './technique-options.ts';

/**
 * Finds what cannot work before anything is trained: sparsities, schedules, cluster counts and patterns of layers that do
 * not go with the network, on every node of the tree.
 *
 * @throws EspalierError that names the node and the layer
 */
export function checkStages({ root, stages }: PlannedTree, network: Network, rules: readonly LayerRule[]): void {
  const visit = (node: TreeNode, pruned: ReadonlySet<ParameterId>): void => {
    const stage = stages.get(node.id);
    const below = stage === undefined ? pruned : within(node, () => checkStage(stage, network, rules, pruned));
    for (const child of node.children) visit(child, below);
  };
  visit(root, new Set());
}

/** @param pruned kernels that have zeros to keep; @returns those of the node's children */
function checkStage(
  stage: Stage,
  network: Network,
  rules: readonly LayerRule[],
  pruned: ReadonlySet<ParameterId>,
): ReadonlySet<ParameterId> {
  const teacher = (): Network => network;
  if ('options' in stage && 'freeze' in stage.options) checkFrozenLayers(network, stage.options.freeze ?? []);
  switch (stage.technique) {
    case 'pruning': {
      const options = pruningOptions(stage.options, rules, teacher);
      if (stage.options.structure === 'filters') {
        checkFilterPruning(network, options);
        return pruned;
      }
      const zeros = options.structure?.kind === 'groups';
      const kernels = checkPruning(network, options).filter(({ settings }) => zeros || settings.sparsity > 0);
      return new Set(kernels.map(({ parameter }) => parameter));
    }
    case 'clustering':
    case 'sparsity-preserving-clustering': {
      const options = clusteringOptions(stage.options, rules, teacher);
      const keepsZeros = stage.technique === 'sparsity-preserving-clustering';
      checkClustering(network, options, (parameter) => options.integerGrid === true || (keepsZeros && pruned.has(parameter)));
      return pruned;
    }
    case 'baseline':
    case 'fine-tuning':
    case 'ptq':
    case 'qat':
    case 'pqat':
    case 'cqat':
    case 'pcqat':
      return pruned;
    default:
      return unreachable(stage);
  }
}

function within<T>(node: TreeNode, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    throw new EspalierError(error.code, error.message, { where: `node "${node.id}"`, cause: error });
  }
}
