import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import { evaluateTflite } from '../../../src/core/measure/evaluate-tflite.ts';
import { weightMetrics } from '../../../src/core/measure/weight-metrics.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { openData } from '../../../src/core/data/open-data.ts';

const root = process.env['ESPALIER_TEST_DATA'] ?? '';
const scale = 0.5847029;
const files = { inputs: 'mfcc_1000x49x10.i8', labels: 'y_labels.csv' };
const keywords: DataSpec = {
  format: 'raw',
  test: files,
  shape: [49, 10, 1],
  type: 'int8',
  labelColumn: 2,
  preprocessing: { scale, offset: -83 * scale },
};

describe.skipIf(root === '')('models that somebody else trained', () => {
  const project = fileURLToPath(new URL('../../..', import.meta.url));
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(project, 'node_modules/.evaluation-thread-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('scores 902 of 1000 with the published int8 keyword model, in threads as on one', async () => {
    const bytes = readFileSync(join(root, 'models/tflite/kws_ref_model.tflite'));
    const { test } = await openData(keywords, join(root, 'kws01'), { seed: 0, modelInputs: [{ name: 'input', shape: [49, 10, 1] }] });
    const single = await evaluateTflite({ bytes, data: test });
    expect(single.top1).toBeCloseTo(0.902, 6);
    const threadScript = join(folder, 'evaluation-thread.cjs');
    await build({
      entryPoints: [join(project, 'src/core/measure/evaluation-thread.ts')],
      outfile: threadScript,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['@litertjs/core'],
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    });
    expect(await evaluateTflite({ bytes, data: test, threads: 2, threadScript, threadStartMilliseconds: 0 })).toEqual(single);
  });

  it('scores 913 of 1000 with the float keyword model on the engine', async () => {
    const { network } = await importModel(join(root, 'models/savedmodel/kws_ref_model'));
    const { test } = await openData(keywords, join(root, 'kws01'), { seed: 0, modelInputs: [{ name: 'input', shape: [49, 10, 1] }] });
    const accuracy = await evaluateNetwork({ engine: await createEngine({ threads: 1 }), network, data: test });
    expect(accuracy.top1).toBeCloseTo(0.913, 6);
  });

  it('scores 98.13% of MNIST with the notebook network', async () => {
    const { network } = await importModel(join(root, 'models/h5/mnist_notebook_seed0.h5'));
    const { test } = await openData({ format: 'idx', folder: 'mnist' }, root, {
      seed: 0,
      modelInputs: [{ name: 'input', shape: [28, 28] }],
    });
    const accuracy = await evaluateNetwork({ engine: await createEngine({ threads: 1 }), network, data: test });
    expect(accuracy.top1).toBeCloseTo(0.9813, 6);
  });

  it('counts int8 kernels of the published ResNet-8', () => {
    const metrics = weightMetrics(readTflite(readFileSync(join(root, 'models/tflite/pretrainedResnet_quant.tflite'))));
    expect(metrics.filter(({ operation }) => operation === 'CONV_2D')).toHaveLength(9);
    expect(metrics[0]).toMatchObject({ shape: [16, 3, 3, 3], elements: 432 });
    expect(metrics.every(({ uniqueValues, uniqueValuesPerChannel }) => uniqueValues <= 255 && uniqueValuesPerChannel <= uniqueValues)).toBe(
      true,
    );
  });
});
