import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { kernelsOf } from '../../../src/core/techniques/kernels.ts';
import { reestimateBatchNorms } from '../../../src/core/techniques/reestimate-batch-norms.ts';
import { seededParameter } from '../train/training-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { mixedNorm, residualNetwork, techniqueContext, trainedModel } from './technique-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
/** Nothing moves but what is measured. */
const standing = { steps: 1, batchSize: 16, learningRate: 1e-12 };

it('folds batch norms at its end, with statistics of what it was trained on', async () => {
  const context = techniqueContext(engine);
  const { network, constraints } = await apply('qat', trainedModel(), context, standing);
  const expected = prepareForDeployment(await reestimateBatchNorms(residualNetwork(), context));
  expect(network.operations).toEqual(expected.operations);
  for (const { parameter, data, operation } of kernelsOf(network)) {
    const [grid] = constraints.get(parameter) ?? [];
    if (grid?.kind !== 'integerGrid') throw new Error(`${parameter} is not on a grid`);
    // Rounded kernels give slightly other statistics, hence other factors; plain folding is further off than a step.
    const step = Math.max(...grid.scales);
    data.forEach((weight, i) => {
      expect(Math.abs(weight - expected.parameters.get(parameter)!.data[i]!)).toBeLessThan(2 * step);
    });
    expect(operation.bias).toBeDefined();
  }
});

it('trains a dense layer, whose integers have one scale, with its batch norm folded already', async () => {
  const b = new NetworkBuilder('dense');
  const x = b.batchNorm(
    'bn',
    b.dense('dense', b.flatten('flatten', b.input([4, 4, 1])), { kernel: seededParameter([2, 16], 3) }),
    mixedNorm(2, 1),
  );
  const network = b.build([b.activation('softmax', x, 'softmax')]);
  const trained = await apply('qat', trainedModel(network), techniqueContext(engine), standing);
  const expected = prepareForDeployment(network).parameters.get('dense/kernel')!.data;
  const [grid] = trained.constraints.get('dense/kernel') ?? [];
  if (grid?.kind !== 'integerGrid') throw new Error('the kernel is not on a grid');
  expect(grid.scales).toHaveLength(1);
  trained.network.parameters.get('dense/kernel')!.data.forEach((weight, i) => {
    expect(Math.abs(weight - expected[i]!)).toBeLessThanOrEqual(0.5001 * grid.scales[0]!);
  });
});
