import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { elementCount } from '../../../src/core/network/shapes/shape.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { validateNetwork } from '../../../src/core/network/validate-network.ts';
import { channelGroups } from '../../../src/core/techniques/filter-pruning/channel-groups.ts';
import { chooseFilters } from '../../../src/core/techniques/filter-pruning/choose-filters.ts';
import { removeChannels } from '../../../src/core/techniques/filter-pruning/remove-channels.ts';
import { checkRemovedFilters, layersWithoutFilters, withoutFilters } from '../../../src/core/techniques/filter-pruning.ts';
import { techniqueRow } from '../../../src/shared/techniques.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { executeNetwork, referenceOutputs } from '../network/reference-executor.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';
import { seededParameter } from '../train/training-fixtures.ts';
import { halfOf, masked } from './filter-fixtures.ts';
import { apply } from '../../support/apply-technique.ts';
import { briefly, logits, mixedNorm, residualNetwork, techniqueContext, trainedModel } from './technique-fixtures.ts';

/** Every way in which channels meet: residual addition, concat, crop, depthwise multiplier, gate, shared kernel, flatten. */
function branchingNetwork(): Network {
  const b = new NetworkBuilder('branching');
  const stem = b.conv2d('stem', b.input([4, 4, 2]), {
    kernel: seededParameter([6, 3, 3, 2], 1),
    bias: seededParameter([6], 2),
    padding: 'same',
    activation: 'relu',
  });
  const shared = seededParameter([6, 1, 1, 6], 3);
  const once = b.conv2d('shared', stem, { kernel: shared, activation: 'relu' });
  const twice = b.conv2d('shared', once, { kernel: shared });
  const sum = b.binary('add', 'add', twice, stem, 'relu');
  const side = b.batchNorm(
    'bn',
    b.conv2d(
      'side',
      b.pad('pad', sum, [
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
      { kernel: seededParameter([4, 3, 3, 6], 4) },
    ),
    mixedNorm(4, 1),
  );
  const wide = b.depthwiseConv2d('wide', side, {
    kernel: seededParameter([1, 3, 3, 8], 5),
    bias: seededParameter([8], 6),
    padding: 'same',
  });
  const joined = b.prelu('prelu', b.concat('concat', [sum, wide], 2), seededParameter([4, 4, 14], 7));
  const gate = b.activation(
    'sigmoid',
    b.dense('gate', b.globalPool('squeeze', joined, 'average'), { kernel: seededParameter([14, 14], 8) }),
    'sigmoid',
  );
  const gated = b.binary('mul', 'mul', joined, b.reshape('expand', gate, [1, 1, 14]));
  const cropped = b.crop('crop', b.pool2d('pool', gated, 'max', [2, 2]), [0, 1, 0], [2, 1, 14]);
  const hidden = b.dense('hidden', b.flatten('flatten', cropped), {
    kernel: seededParameter([5, 28], 9),
    bias: seededParameter([5], 10),
    activation: 'relu',
  });
  return b.build([b.dense('logits', hidden, { kernel: seededParameter([3, 5], 11), bias: seededParameter([3], 12) })]);
}

describe('removing filters', () => {
  it.each([
    ['residual', residualNetwork()],
    ['branching', branchingNetwork()],
  ])('gives what the masked %s network gives', (_, network) => {
    const groups = channelGroups(network);
    const removed = chooseFilters(network, groups, halfOf(network));
    const smaller = removeChannels(network, groups, removed);
    validateNetwork(smaller);
    const x = randomData(elementCount(network.values.get(network.inputs[0]!)!.shape), 31);
    const [expected] = referenceOutputs(masked(network, removed), [x]);
    const [actual] = referenceOutputs(smaller, [x]);
    actual!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 9);
    });
    // The mask does something at all.
    expect([...actual!]).not.toEqual([...referenceOutputs(network, [x])[0]!]);
  });

  it('shrinks kernels, biases and what reads them, and ties the layers of a residual addition', () => {
    const network = branchingNetwork();
    const groups = channelGroups(network);
    const smaller = removeChannels(network, groups, chooseFilters(network, groups, halfOf(network)));
    const shape = (id: string): readonly number[] => smaller.parameters.get(id)!.shape;
    expect(shape('side/kernel')).toEqual([shape('side/kernel')[0], 3, 3, shape('stem/kernel')[0]]);
    expect(shape('stem/bias')).toEqual([shape('stem/kernel')[0]]);
    expect(shape('shared/kernel')).toEqual([shape('stem/kernel')[0], 1, 1, shape('stem/kernel')[0]]);
    expect(shape('wide/kernel')).toEqual([1, 3, 3, 2 * shape('side/kernel')[0]!]);
    expect(shape('logits/kernel')).toEqual([3, shape('hidden/kernel')[0]]);
    expect(shape('hidden/kernel')[0]).toBe(2);
    expect(smaller.values.get(smaller.outputs[0]!)!.shape).toEqual([3]);
  });

  it('takes the filters of the smallest L1 norm', () => {
    const b = new NetworkBuilder('dense');
    const kernel = { shape: [4, 2], data: Float32Array.of(3, -3, 0.1, 0.2, 1, 1, 0, -1.5) };
    const network = b.build([
      b.dense('out', b.dense('in', b.input([2]), { kernel }), { kernel: { shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) } }),
    ]);
    const groups = channelGroups(network);
    const smaller = removeChannels(network, groups, chooseFilters(network, groups, new Map([['in/kernel', 0.5]])));
    expect([...smaller.parameters.get('in/kernel')!.data]).toEqual([3, -3, 1, 1]);
    expect([...smaller.parameters.get('out/kernel')!.data]).toEqual([1, 3]);
  });

  it('leaves one filter, and the filters of kernels that are not named', () => {
    const network = branchingNetwork();
    const groups = channelGroups(network);
    const smaller = removeChannels(network, groups, chooseFilters(network, groups, new Map([['hidden/kernel', 0.99]])));
    expect(smaller.parameters.get('hidden/kernel')!.shape).toEqual([1, 28]);
    expect(smaller.parameters.get('stem/kernel')!.shape).toEqual([6, 3, 3, 2]);
  });

  it('leaves channels that are added to the input alone', () => {
    const b = new NetworkBuilder('input residual');
    const x = b.input([4]);
    const network = b.build([
      b.dense('out', b.binary('add', 'add', x, b.dense('same', x, { kernel: seededParameter([4, 4], 1) })), {
        kernel: seededParameter([2, 4], 2),
      }),
    ]);
    expect(channelGroups(network).removable.size).toBe(0);
  });
});

describe('a network without its filters', () => {
  it('runs in LiteRT with the outputs of the masked one', async () => {
    const network = residualNetwork();
    const groups = channelGroups(network);
    const removed = chooseFilters(network, groups, halfOf(network));
    const x = randomData(16, 31);
    const bytes = writeTflite({ kind: 'float', network: prepareForDeployment(removeChannels(network, groups, removed)) });
    const [output] = await runFloat(bytes, [x]);
    expect(largestDifference(output!, referenceOutputs(masked(network, removed), [x])[0]!)).toBeLessThan(1e-5);
    expect(bytes.length).toBeLessThan(writeTflite({ kind: 'float', network: prepareForDeployment(network) }).length);
  });
});

describe('filter pruning', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  });

  it('fine-tunes the smaller network', async () => {
    const { network } = await apply('pruning', trainedModel(), techniqueContext(engine), {
      ...briefly,
      sparsity: 0.5,
      structure: 'filters',
    });
    validateNetwork(network);
    expect(network.parameters.get('conv/kernel')!.shape).toEqual([3, 3, 3, 1]);
    expect(network.parameters.get('pointwise/kernel')!.shape).toEqual([3, 1, 1, 3]);
    expect(network.parameters.get('dense/kernel')!.shape).toEqual([2, 48]);
    expect([...executeNetwork(network, [randomData(16, 1)]).get(network.outputs[0]!)!].every(Number.isFinite)).toBe(true);
  });

  it('removes filters before single weights, whose sparsity is that of what is left', async () => {
    const options = { ...briefly, structure: 'unstructured', sparsity: 0.5 } as const;
    const { network, constraints } = await apply('pruning', trainedModel(), techniqueContext(engine), options, [
      { pattern: 'conv', filters: 0.5 },
      { pattern: 'pointwise', filters: 0.5, sparsity: 0 },
    ]);
    validateNetwork(network);
    expect(network.parameters.get('conv/kernel')!.shape).toEqual([3, 3, 3, 1]);
    expect(network.parameters.get('pointwise/kernel')!.shape).toEqual([3, 1, 1, 3]);
    const zeros = (id: string): number => network.parameters.get(id)!.data.filter((weight) => weight === 0).length;
    expect([zeros('conv/kernel'), zeros('pointwise/kernel'), zeros('dense/kernel')]).toEqual([13, 0, 48]);
    for (const [id, list] of constraints)
      for (const constraint of list)
        if (constraint.kind === 'sparsity') expect(constraint.mask).toHaveLength(network.parameters.get(id)!.data.length);
  });

  it.each([
    // The last layer keeps its filters, whatever the others lose.
    [{ pattern: 'dense', filters: 0.5 }, '"filters": 0.5 for "dense" removes no filter; leave it out'],
    [{ pattern: 'depth*', filters: 0.5 }, '"filters": 0.5 for "depth*" removes no filter; leave it out'],
    // A twelfth of six filters is half a filter. With this the rule before it loses what it removes as well, since the layers are tied.
    [
      { pattern: 'conv', filters: 0.08 },
      '"filters": 0.5 for "pointwise" removes no filter; raise it to 0.084 at least, half of one filter of 6; layers',
    ],
    [{ pattern: '*', filters: 0.08 }, '"filters": 0.08 for "*" removes no filter; raise it to 0.084 at least, half of one filter of 6'],
  ])('refuses the rule %o', (rule, message) => {
    const rules = [{ pattern: 'conv', filters: 0.5 }, { pattern: 'pointwise', filters: 0.5 }, rule];
    const check = () => checkRemovedFilters(residualNetwork(), { row: techniqueRow('pruning'), options: {}, rules });
    expect(check).toThrow(message);
  });

  it('takes rules that a later one overrides, and patterns of which one layer loses filters', () => {
    const rules = [
      { pattern: '*', filters: 0.5 },
      { pattern: 'dense', filters: 0 },
    ];
    const found = checkRemovedFilters(residualNetwork(), { row: techniqueRow('pruning'), options: {}, rules });
    expect(found.removed.size).toBe(3);
    const none = [...rules, { pattern: '*', filters: 0 }];
    expect(checkRemovedFilters(residualNetwork(), { row: techniqueRow('pruning'), options: {}, rules: none }).removed.size).toBe(0);
  });

  it('fits the layers that read removed filters, which moves the outputs less', async () => {
    const context = techniqueContext(engine);
    const whole = await logits(engine, residualNetwork());
    const distance = async (reconstruction: boolean): Promise<number> => {
      const request = { row: techniqueRow('pruning'), options: { filters: 0.5, reconstruction }, rules: [] };
      const { network } = await withoutFilters(trainedModel(), request, context);
      const found = await logits(engine, network);
      return found.reduce((sum, value, i) => sum + (value - whole[i]!) ** 2, 0);
    };
    expect(await distance(true)).toBeLessThan(0.5 * (await distance(false)));
  });

  it('knows what is left of layers without removing anything', () => {
    const network = residualNetwork();
    expect(
      Object.fromEntries(
        layersWithoutFilters(
          network,
          new Map([
            ['conv', 0.5],
            ['pointwise', 0.5],
          ]),
        ),
      ),
    ).toEqual({
      conv: { elements: 27, filters: 3 },
      pointwise: { elements: 9, filters: 3 },
      depthwise: { elements: 27, filters: 1 },
      dense: { elements: 96, filters: 2 },
    });
    // The other layer of the residual addition keeps its filters, so this one does as well.
    expect(layersWithoutFilters(network, new Map([['conv', 0.5]])).get('conv')).toEqual({ elements: 54, filters: 6 });
  });

  it('takes filters of structures that prune weights only', async () => {
    await expect(
      apply('pruning', trainedModel(), techniqueContext(engine), { structure: 'filters', sparsity: 0.5, filters: 0.5 }),
    ).rejects.toThrow(/"filters" does not go with the structure "filters"/);
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { filters: 1 })).rejects.toThrow(
      /"filters" 1 is outside \[0, 1\); give the fraction of filters/,
    );
  });

  it('says when no filter can go', async () => {
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { sparsity: 0.5, filters: 0.01 })).rejects.toThrow(
      /no filter can be removed.*raise "filters"/,
    );
    const rules = [{ pattern: '*', exclude: ['pruning' as const] }];
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { structure: 'filters' }, rules)).rejects.toThrow(
      /no filter can be removed/,
    );
    await expect(apply('pruning', trainedModel(), techniqueContext(engine), { sparsity: 1, structure: 'filters' })).rejects.toThrow(
      /layer "conv".*outside \[0, 1\)/,
    );
  });
});
