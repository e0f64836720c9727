/** Pruning for the sparse kernels of XNNPACK, from the check before training to the file. */
import { beforeAll, describe, expect, it } from 'vitest';
import { findConstraint } from '../../../src/core/constraints/constraint.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { certify } from '../../../src/core/measure/certify.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { prepareModelForDeployment } from '../../../src/core/techniques/fold-constraints.ts';
import { checkPruning } from '../../../src/core/techniques/pruning.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { expectationsOf } from '../../../src/core/tree/stages/make-product.ts';
import { writeFloat } from '../../../src/core/tree/stages/write-float.ts';
import type { PruningOptions } from '../../../src/shared/recipe/pruning-options.ts';
import { techniqueRow } from '../../../src/shared/techniques.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';
import { apply } from '../../support/apply-technique.ts';
import { filled, seededParameter } from '../train/training-fixtures.ts';
import { kernelData, mixedNorm, techniqueContext, trainedModel, zerosAt } from './technique-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** Grey images as three channels, a head, two blocks with batch norms, a mean and a classifier. */
function mobileNet(headStride: 1 | 2 = 2): Network {
  const b = new NetworkBuilder('mobile');
  const image = b.input([4, 4, 1]);
  let x = b.concat('colours', [image, image, image], 2);
  x = b.conv2d('head', x, { kernel: seededParameter([6, 3, 3, 3], 1), strides: [headStride, headStride], padding: 'same' });
  x = b.activation('head_relu', b.batchNorm('head_norm', x, mixedNorm(6, 1)), 'relu6');
  for (const [i, channels] of [8, 10].entries()) {
    const inputs = i === 0 ? 6 : 8;
    x = b.depthwiseConv2d(`depthwise${i}`, x, { kernel: seededParameter([1, 3, 3, inputs], 10 + i), padding: 'same' });
    x = b.activation(`depthwise${i}_relu`, b.batchNorm(`depthwise${i}_norm`, x, mixedNorm(inputs, 2)), 'relu6');
    x = b.conv2d(`pointwise${i}`, x, { kernel: seededParameter([channels, 1, 1, inputs], 20 + i) });
    x = b.activation(`pointwise${i}_relu`, b.batchNorm(`pointwise${i}_norm`, x, mixedNorm(channels, 3)), 'relu6');
  }
  x = b.dense('classes', b.globalPool('mean', x, 'average'), { kernel: seededParameter([2, 10], 30), bias: filled([2], 0) });
  return b.build([b.activation('softmax', x, 'softmax')]);
}

function check(network: Network, options: PruningOptions, rules: readonly LayerRule[] = []): readonly string[] {
  return checkPruning(network, { row: techniqueRow('pruning'), options: { structure: 'xnnpack', ...options }, rules }).map(
    ({ layer }) => layer,
  );
}

describe('before training', () => {
  it('pointwise convolutions alone are pruned, and layers that a rule names', () => {
    expect(check(mobileNet(), {})).toEqual(['pointwise0', 'pointwise1']);
    expect(check(mobileNet(), {}, [{ pattern: 'classes', sparsity: 0.5 }])).toEqual(['pointwise0', 'pointwise1', 'classes']);
  });

  it('the layer in the way is named', () => {
    expect(() => check(mobileNet(1), {})).toThrow(/layer "head" is a 3x3 convolution with stride 1 on 3 channels/);
  });

  it('a sparsity of two thirds or less is refused, with the zeros that it would give', () => {
    expect(() => check(mobileNet(), { sparsity: 0.5 })).toThrow(/50\.0% of the weights of 1x1 convolutions are zeros/);
    expect(() => check(mobileNet(), {}, [{ pattern: 'pointwise1', exclude: ['pruning'] }])).toThrow(
      /of the weights of 1x1 convolutions are zeros/,
    );
    expect(check(mobileNet(), { sparsity: 0.7 })).toHaveLength(2);
  });

  it('depthwise kernels cannot be sparse', () => {
    expect(() => check(mobileNet(), { includeDepthwise: true })).toThrow(/depthwise/);
  });
});

describe('a pruned network', () => {
  it('has 80% zeros in pointwise kernels, and its float file stores them sparse', async () => {
    const pruned = await apply('pruning', trainedModel(mobileNet()), techniqueContext(engine), {
      steps: 4,
      batchSize: 16,
      learningRate: 1e-4,
      structure: 'xnnpack',
    });
    expect(zerosAt(kernelData(pruned.network, 'pointwise0/kernel'))).toHaveLength(48 - 10);
    expect(zerosAt(kernelData(pruned.network, 'head/kernel'))).toHaveLength(0);
    const deployed = prepareModelForDeployment(pruned);
    const warnings: string[] = [];
    const { tflite, sparse } = await writeFloat(deployed.network, deployed.constraints, (message) => warnings.push(message));
    expect(warnings).toEqual([]);
    expect(sparse?.pointwise.map(({ layer }) => layer)).toEqual(['pointwise0', 'pointwise1']);
    expect(readTflite(tflite).subgraphs[0]?.operators.filter(({ name }) => name === 'DENSIFY')).toHaveLength(2);
    const expectations = expectationsOf(deployed, false, false);
    expect(certify({ bytes: tflite, expectations }).passed).toBe(true);
    const stored = {
      ...expectations,
      weights: expectations.weights.map((weight) => ({ ...weight, sparse: weight.layer.startsWith('pointwise') })),
    };
    expect(certify({ bytes: tflite, expectations: stored }).passed).toBe(true);
    const dense = await writeFloat(deployed.network, new Map(), () => undefined);
    expect(certify({ bytes: dense.tflite, expectations: stored }).passed).toBe(false);
  });

  it('that has lost its zeros is stored dense, with a warning', async () => {
    const mask = new Uint8Array(48).fill(0);
    const constraints = new Map([['pointwise0/kernel', [{ kind: 'sparsity', mask, runtime: 'xnnpack' }] as const]]);
    const { network } = prepareModelForDeployment(trainedModel(mobileNet()));
    const warnings: string[] = [];
    expect((await writeFloat(network, constraints, (message) => warnings.push(message))).sparse).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('too few zeros')]);
  });

  it('keeps its mark through folded batch norms', async () => {
    const pruned = await apply('pruning', trainedModel(mobileNet()), techniqueContext(engine), {
      steps: 2,
      batchSize: 16,
      structure: 'xnnpack',
    });
    const list = prepareModelForDeployment(pruned).constraints.get('pointwise1/kernel') ?? [];
    expect(findConstraint(list, 'sparsity')?.runtime).toBe('xnnpack');
  });
});
