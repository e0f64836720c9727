import { findConstraint, type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { gridScales } from '../constraints/integer-grid.ts';
import type { Network } from '../network/network.ts';
import { kernelsOf, quantizationGranularity } from './kernels.ts';

/** Each kernel on the grid that the runtimes want; where its centroids are integers already, their grid stays. */
export function withIntegerGrids(network: Network, constraints: NetworkConstraints, scaling: 'maximum' | 'learned'): NetworkConstraints {
  const all = new Map(constraints);
  for (const { parameter, operation, data, shape } of kernelsOf(network)) {
    const list = all.get(parameter) ?? [];
    const codebook = findConstraint(list, 'codebook');
    const granularity = quantizationGranularity(operation);
    const onGrid = codebook?.integers === true;
    all.set(
      parameter,
      withConstraint(list, {
        kind: 'integerGrid',
        granularity,
        scales: gridScales(data, shape, { granularity }, codebook),
        scaling: onGrid ? 'fixed' : scaling,
      }),
    );
  }
  return all;
}
