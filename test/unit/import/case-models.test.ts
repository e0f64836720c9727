/** Small models of kinds that were refused once: imported, written as float and int8, and run in LiteRT. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { elementCount } from '../../../src/core/network/shapes/shape.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { quantizeByReference } from '../tflite/quantized-reference.ts';
import { largestDifference, runFloat } from '../tflite/run-tflite.ts';

const root = process.env['ESPALIER_TEST_DATA'];
const cases: readonly { readonly file: string; readonly inputShape?: readonly number[] }[] = [
  { file: 'cases/models/act_softplus.keras' },
  { file: 'cases/models/fcn_none.keras', inputShape: [16, 20, 3] },
  { file: 'cases/models/groups2.keras' },
  { file: 'cases/models/layernorm.keras' },
  { file: 'cases/models/ops_mean.keras' },
  { file: 'cases/models/ops_reshape.keras' },
  { file: 'cases/models/resizing.keras' },
  { file: 'cases/models/tfmot_prune.h5' },
  { file: 'cases/models/timedist.keras' },
  { file: 'models/h5/dl4j_lstm_functional_tf_keras_2.h5' },
];

describe.skipIf(root === undefined)('models of kinds that were refused', () => {
  it.each(cases)('$file', async ({ file, inputShape }) => {
    const imported = await importModel(path.join(root ?? '', file), { inputShapes: inputShape === undefined ? undefined : [inputShape] });
    const network = prepareForDeployment(imported.network);
    const examples = [1, 2, 3, 4].map((seed) =>
      network.inputs.map((id) => randomData(elementCount(network.values.get(id)?.shape ?? []), seed)),
    );
    const [inputs = []] = examples;
    const [expected = new Float64Array()] = referenceOutputs(imported.network, inputs);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const [float = new Float32Array()] = await runFloat(writeTflite({ kind: 'float', network }), inputs);
    expect(largestDifference(float, expected) / largest).toBeLessThan(1e-5);
    const quantized = quantizeByReference(network, examples);
    const [int8 = new Float32Array()] = await runFloat(
      writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }),
      inputs,
    );
    expect(largestDifference(int8, expected) / largest).toBeLessThan(0.1);
  });

  it('an open input asks for its size', async () => {
    await expect(importModel(path.join(root ?? '', 'cases/models/fcn_none.keras'))).rejects.toThrow(
      /shape \[\?, \?, 3\] with an open length.*--input-shape 96x96x3/,
    );
    await expect(importModel(path.join(root ?? '', 'cases/models/fcn_none.keras'), { inputShapes: [[96, 96, 1]] })).rejects.toThrow(
      /takes \[\?, \?, 3\], but the shape given is \[96, 96, 1\]/,
    );
  });

  it('a pruned model keeps its zeros: 80% of the kernels', async () => {
    const { network } = await importModel(path.join(root ?? '', 'cases/models/tfmot_prune.h5'));
    for (const kernel of ['conv2d/kernel', 'dense/kernel']) {
      const { data } = network.parameters.get(kernel) ?? { data: new Float32Array(1) };
      const zeros = data.filter((value) => value === 0).length;
      expect(zeros / data.length).toBeGreaterThan(0.45);
    }
  });
});
