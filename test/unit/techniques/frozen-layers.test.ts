import { expect, it } from 'vitest';
import { checkFrozenLayers, frozenParameters } from '../../../src/core/techniques/frozen-layers.ts';
import { residualNetwork } from './technique-fixtures.ts';

const network = residualNetwork();

it('frozen are all parameters of the layers that a name or a pattern matches', () => {
  expect(frozenParameters(network, [])).toEqual(new Set());
  const pointwise = [...network.parameters.keys()].filter((id) => id.startsWith('pointwise/'));
  expect(pointwise.length).toBeGreaterThan(0);
  expect(frozenParameters(network, ['pointwise'])).toEqual(new Set(pointwise));
  expect(frozenParameters(network, ['*'])).toEqual(new Set(network.parameters.keys()));
});

it('a pattern that matches nothing is refused with the layers that there are', () => {
  expect(() => checkFrozenLayers(network, ['pointwise', 'd*'])).not.toThrow();
  expect(() => checkFrozenLayers(network, ['block_*'])).toThrow(/"freeze" has "block_\*", which matches no layer .*"conv"/);
});
