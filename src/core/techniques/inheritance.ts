import type { ConstraintKind, Constraints, NetworkConstraints } from '../constraints/constraint.ts';

/**
 * The constraints that a stage keeps in force: what a preserving technique and its plain control differ by.
 */
export function inheritConstraints(constraints: NetworkConstraints, kinds: readonly ConstraintKind[]): NetworkConstraints {
  const inherited = [...constraints].map(([id, list]): readonly [string, Constraints] => [
    id,
    list.filter(({ kind }) => kinds.includes(kind)),
  ]);
  return new Map(inherited.filter(([, list]) => list.length > 0));
}
