import { unreachable } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { projectCodebook, refreshCodebook } from './codebook.ts';
import { type Constraints, findConstraint, type NetworkConstraints, withConstraint } from './constraint.ts';
import { gridScales, projectIntegerGrid, stepSizeName } from './integer-grid.ts';
import { centroidsName } from './lower-codebook.ts';
import { projectSparsity } from './sparsity.ts';

/** The weights that satisfy the constraints and that the forward pass uses; what `lowerConstraints` computes, in plain JavaScript. */
export function projectWeights(weights: Float32Array, shape: readonly number[], constraints: Constraints): Float32Array {
  return constraints.reduce((projected, constraint) => {
    switch (constraint.kind) {
      case 'sparsity':
        return projectSparsity(projected, constraint);
      case 'codebook':
        return projectCodebook(projected, shape, constraint);
      case 'integerGrid':
        return projectIntegerGrid(projected, shape, constraint);
      default:
        return unreachable(constraint);
    }
  }, weights);
}

/** The network with every constrained weight projected; the others are the same arrays. */
export function projectNetwork(network: Network, constraints: NetworkConstraints): Network {
  const parameters = new Map(network.parameters);
  for (const [id, list] of constraints) {
    const parameter = parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { ...parameter, data: projectWeights(parameter.data, parameter.shape, list) });
  }
  return { ...network, parameters };
}

/**
 * The constraints after training: the codebook with the centroids that were learned, the grid with the scales of the
 * final weights. `trained` maps the names of the trainables of the weight, or of all weights, to their values; `name`
 * is the weight's own, as given to `lowerConstraints`.
 */
export function refreshConstraints(
  latent: Float32Array,
  shape: readonly number[],
  constraints: Constraints,
  trained: ReadonlyMap<string, Float32Array>,
  name: string,
): Constraints {
  let refreshed = constraints;
  const codebook = findConstraint(constraints, 'codebook');
  const centroids = trained.get(centroidsName(name));
  const learned = codebook === undefined || centroids === undefined ? codebook : refreshCodebook(codebook, centroids);
  if (learned !== undefined) refreshed = withConstraint(refreshed, learned);

  const grid = findConstraint(constraints, 'integerGrid');
  if (grid === undefined) return refreshed;
  switch (grid.scaling ?? 'maximum') {
    case 'fixed':
      return refreshed;
    case 'learned':
      return withConstraint(refreshed, {
        ...grid,
        scales: trained.get(stepSizeName(name))?.map((step) => Math.max(step, 1e-30)) ?? grid.scales,
      });
    case 'maximum': {
      const before = projectWeights(
        latent,
        shape,
        refreshed.filter(({ kind }) => kind !== 'integerGrid'),
      );
      return withConstraint(refreshed, { ...grid, scales: gridScales(before, shape, grid, learned) });
    }
  }
}
