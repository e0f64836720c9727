import { expect, it } from 'vitest';
import { openData } from '../../../src/core/data/open-data.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { fineTune } from '../../../src/core/train/fine-tune.ts';
import { settings } from './training-fixtures.ts';

const root = process.env['ESPALIER_TEST_DATA'];

it.skipIf(root === undefined)(
  'the notebook network learns digits from a sixth of an epoch of MNIST',
  async () => {
    const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
    const data = await openData({ format: 'idx', folder: 'mnist', limit: { train: 10_000, test: 2_000 }, validation: 0 }, root ?? '', {
      seed: 0,
      modelInputs: [{ name: 'input', shape: [28, 28] }],
    });
    const network = mnistCnn({ seed: 1 });
    const tuned = await fineTune(
      settings(engine, { network, train: data.train, batchSize: 32, epochs: 1, learningRate: { kind: 'constant', rate: 1e-3 } }),
    );
    const { top1 } = await evaluateNetwork({ engine, network: tuned.network, data: data.test, signal: new AbortController().signal });
    expect(top1).toBeGreaterThan(0.88);
  },
  60_000,
);
