import { type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { levelsOf } from '../constraints/composition.ts';
import { gridScales } from '../constraints/integer-grid.ts';
import type { Network } from '../network/network.ts';
import { kernelsOf, quantizationGranularity } from './kernels.ts';

/** Puts each kernel on the grid that the runtimes use; kernels whose values are integers already keep their grid. */
export function withIntegerGrids(network: Network, constraints: NetworkConstraints, scaling: 'maximum' | 'learned'): NetworkConstraints {
  const all = new Map(constraints);
  for (const { parameter, operation, data, shape } of kernelsOf(network)) {
    const list = all.get(parameter) ?? [];
    const levels = levelsOf(list);
    const granularity = quantizationGranularity(operation);
    all.set(
      parameter,
      withConstraint(list, {
        kind: 'integerGrid',
        granularity,
        scales: gridScales(data, shape, { granularity }, levels),
        scaling: levels?.integers === true ? 'fixed' : scaling,
      }),
    );
  }
  return all;
}
