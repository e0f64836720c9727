import { findConstraint } from '../constraints/constraint.ts';
import { type ClusteringOptions, clusterWeights } from './clustering.ts';
import { inheritConstraints } from './inheritance.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

/**
 * Clustering of a pruned model that keeps its zeros: the masks stay in force, and zero is a centroid that does not
 * move. Each layer counts for itself: one without zeros is clustered plainly.
 */
export async function applySparsityPreservingClustering(
  model: OptimizedModel,
  context: TechniqueContext,
  options: ClusteringOptions = {},
): Promise<OptimizedModel> {
  const constraints = inheritConstraints(model.constraints, ['sparsity']);
  const hasZeros = (parameter: string): boolean => findConstraint(constraints.get(parameter) ?? [], 'sparsity')?.mask.includes(0) === true;
  return clusterWeights({ ...model, constraints }, context, options, hasZeros);
}
