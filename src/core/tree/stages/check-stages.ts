import { EspalierError, isEspalierError } from '../../errors.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import { checkFrozenLayers } from '../../techniques/frozen-layers.ts';
import { checkTechnique } from '../../techniques/index.ts';
import type { LayerRule } from '../../../shared/recipe/layer-rule.ts';
import type { TreeNode } from '../../../shared/tree.ts';
import type { PlannedTree, Stage } from '../deployment-tree.ts';

/**
 * Checks every node before anything is trained: sparsities, schedules, cluster counts and patterns of layers must fit
 * the network.
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

/** @param zeros kernels that have zeros to keep; @returns those of the node's children */
function checkStage(
  stage: Stage,
  network: Network,
  rules: readonly LayerRule[],
  zeros: ReadonlySet<ParameterId>,
): ReadonlySet<ParameterId> {
  if (stage.technique === 'baseline') return zeros;
  if ('freeze' in stage.options) checkFrozenLayers(network, stage.options.freeze ?? []);
  return checkTechnique(stage, network, rules, zeros);
}

function within<T>(node: TreeNode, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    throw new EspalierError(error.code, error.message, { where: `node "${node.id}"`, cause: error });
  }
}
