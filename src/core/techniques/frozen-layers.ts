/** Layers that keep their weights, by name or pattern: transfer learning trains only the others. */
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import { layerPattern } from './layer-rules.ts';

/** The parameters of all layers that a pattern matches; a pattern may match none, as when a batch norm has been folded. */
export function frozenParameters(network: Network, patterns: readonly string[]): ReadonlySet<ParameterId> {
  const matchers = patterns.map(layerPattern);
  return new Set(
    network.operations.flatMap((operation) => (matchers.some((matcher) => matcher.test(operation.layer)) ? parametersOf(operation) : [])),
  );
}

/** @throws EspalierError `invalid-argument` for a pattern that matches no layer with parameters, naming those that there are */
export function checkFrozenLayers(network: Network, patterns: readonly string[]): void {
  const layers = new Set(network.operations.flatMap((operation) => (parametersOf(operation).length > 0 ? [operation.layer] : [])));
  for (const pattern of patterns) {
    const matcher = layerPattern(pattern);
    if (![...layers].some((layer) => matcher.test(layer)))
      throw new EspalierError('invalid-argument', `"freeze" has "${pattern}", which matches no layer with parameters`, {
        fix: `the model has ${[...layers].map((layer) => `"${layer}"`).join(', ')}`,
      });
  }
}
