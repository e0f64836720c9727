import { inherits, type TechniqueRow } from '../../shared/techniques.ts';
import { type Constraints, findConstraint, type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import type { Network } from '../network/network.ts';

/** The inherited constraints: the only difference between a preserving technique and its plain control. */
export function inheritConstraints(constraints: NetworkConstraints, row: TechniqueRow): NetworkConstraints {
  const inherited = [...constraints].map(([id, list]): readonly [string, Constraints] => [
    id,
    list.filter(({ kind }) => inherits(row, kind)),
  ]);
  return new Map(inherited.filter(([, list]) => list.length > 0));
}

/**
 * Masks that hold every weight that is zero, not only those that were pruned: sparsity-preserving clustering gives some
 * of the weights that pruning left the value zero too, and a stage after it must not lose those zeros.
 *
 * @param network whose weights satisfy the constraints exactly
 */
export function holdZeros(network: Network, constraints: NetworkConstraints): NetworkConstraints {
  const held = new Map(constraints);
  for (const [id, list] of constraints) {
    const sparsity = findConstraint(list, 'sparsity');
    const weights = network.parameters.get(id)?.data;
    if (sparsity === undefined || weights === undefined) continue;
    const mask = sparsity.mask.map((kept, i) => (weights[i] === 0 ? 0 : kept));
    if (mask.some((kept) => kept !== 0)) held.set(id, withConstraint(list, { ...sparsity, mask }));
  }
  return held;
}
