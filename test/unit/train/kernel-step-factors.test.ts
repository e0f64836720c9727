import { describe, expect, it } from 'vitest';
import type { Codebook } from '../../../src/core/constraints/constraint.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';
import type { FineTuned, FineTuning } from '../../../src/core/train/fine-tuning.ts';
import { kernelStepFactors } from '../../../src/core/train/kernel-step-factors.ts';
import { adam, filled, line, settings } from './training-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

/** Kernels of 0.02 and 0.05 before and after a batch norm, and one of 0.3. */
function network(): Network {
  const b = new NetworkBuilder('small-kernels');
  const [gamma, variance, beta, mean] = [filled([2], 1), filled([2], 1), filled([2], 0), filled([2], 0)];
  const x = b.batchNorm('bn', b.conv2d('conv', b.input([2, 2, 1]), { kernel: filled([2, 1, 1, 1], 0.02) }), {
    gamma,
    beta,
    mean,
    variance,
  });
  const y = b.conv2d('pointwise', x, { kernel: { shape: [2, 1, 1, 2], data: Float32Array.of(0.05, 0, -0.05, 0) } });
  return b.build([b.dense('dense', b.flatten('flatten', y), { kernel: filled([1, 8], 0.3) })]);
}

describe('the steps of kernels', () => {
  it('shrink with their root mean square below 0.1, pruned weights left out, where no batch statistics normalize', () => {
    expect([...kernelStepFactors(network(), 'training')]).toEqual([['pointwise/kernel', expect.closeTo(0.5, 6)]]);
  });

  it('shrink before a batch norm too that normalizes by fixed statistics', () => {
    expect(Object.fromEntries(kernelStepFactors(network(), 'frozen'))).toEqual({
      'conv/kernel': expect.closeTo(0.2, 6) as number,
      'pointwise/kernel': expect.closeTo(0.5, 6) as number,
    });
  });
});

describe('training with small kernels slowed', () => {
  /** y = w x at x = 1: Adam's first step is the learning rate, whatever the gradient. */
  const oneStep = (weight: number, changed: Partial<FineTuning> = {}): Promise<FineTuned> => {
    const learningRate = { kind: 'constant', rate: 0.001 } as const;
    return fineTune(
      settings(engine, { ...line([weight], adam, filled([1], 0.01)), learningRate, steps: 1, slowSmallKernels: true, ...changed }),
    );
  };
  const parameter = ({ network: { parameters } }: FineTuned, id: string): number => parameters.get(id)?.data[0] ?? NaN;

  it('moves a kernel of 0.02 by a fifth of the rate, one of 0.5 and every bias by all of it', async () => {
    const small = await oneStep(0.02);
    expect(parameter(small, 'dense/kernel')).toBeCloseTo(0.02 - 0.0002, 6);
    expect(parameter(small, 'dense/bias')).toBeCloseTo(0.01 - 0.001, 6);
    expect(parameter(await oneStep(0.5), 'dense/kernel')).toBeCloseTo(0.5 - 0.001, 6);
    expect(parameter(await oneStep(0.02, { slowSmallKernels: false }), 'dense/kernel')).toBeCloseTo(0.02 - 0.001, 6);
  });

  it('moves the centroids of a small kernel as far as its weights', async () => {
    const codebook: Codebook = {
      kind: 'codebook',
      clusters: 2,
      granularity: { kind: 'tensor' },
      centroids: Float32Array.of(-0.02, 0.02),
      zeroPinned: false,
      gradient: 'sum',
    };
    const { constraints } = await oneStep(0.02, { constraints: new Map([['dense/kernel', [codebook]]]) });
    const moved = constraints.get('dense/kernel')?.find((constraint) => constraint.kind === 'codebook');
    expect(moved?.kind === 'codebook' ? [...moved.centroids] : []).toEqual(
      [-0.02, 0.02 - 0.0002].map((x) => expect.closeTo(x, 6) as number),
    );
  });
});
