import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { calibrate } from '../../../src/core/quantize/calibrate.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';
import { createRandom } from '../../../src/core/random.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { largestDifference, runFloat } from './run-tflite.ts';

const folder = process.env['ESPALIER_TEST_DATA'];

describe.skipIf(folder === undefined)('published models (ESPALIER_TEST_DATA)', () => {
  const file = (name: string): string => path.join(folder ?? '', name);

  it('pretrainedResnet.h5 becomes the published float .tflite', async () => {
    const network = prepareForDeployment((await importModel(file('models/h5/pretrainedResnet.h5'))).network);
    const ours = writeTflite({ kind: 'float', network });
    const published = await readFile(file('models/tflite/pretrainedResnet.tflite'));
    const random = createRandom(3);
    for (let run = 0; run < 5; run++) {
      const pixels = Float32Array.from({ length: 32 * 32 * 3 }, () => random.next() * 255);
      const [[found = []], [expected = []]] = [await runFloat(ours, [pixels]), await runFloat(published, [pixels])];
      expect(largestDifference(found, expected)).toBeLessThan(1e-5);
    }
  });

  it('runs a published file with dimensions of -1 in its shape signatures', async () => {
    const interpreter = await (await loadRuntime()).load(await readFile(file('models/tflite/kws_ref_model.tflite')));
    expect(interpreter.inputs[0]).toMatchObject({ shape: [1, 49, 10, 1], type: 'int8', bytes: 490, quantization: { zeroPoints: [83] } });
    await interpreter.dispose();
  });

  it('the keyword model scores 913 of 1,000 in float and within 10 of that in int8', async () => {
    const codes = new Int8Array(new Uint8Array(await readFile(file('kws01/mfcc_1000x49x10.i8'))).buffer);
    const labels = (await readFile(file('kws01/y_labels.csv'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => Number(line.split(',')[2]));
    const features = Float32Array.from(codes, (code) => (code - 83) * 0.5847029);
    const data: DataSet = {
      name: 'kws01',
      size: labels.length,
      inputShapes: [[49, 10, 1]],
      target: { kind: 'classes', classes: 12, names: undefined },
      read: (indices) =>
        Promise.resolve({
          size: indices.length,
          inputs: [Float32Array.from(Array.from(indices).flatMap((i) => Array.from(features.subarray(i * 490, (i + 1) * 490))))],
          labels: Int32Array.from(indices, (i) => labels[i] ?? 0),
          targets: new Float32Array(),
        }),
    };
    const score = async (bytes: Uint8Array): Promise<number> => {
      const interpreter = await (await loadRuntime()).load(bytes);
      let correct = 0;
      for (const [i, label] of labels.entries()) {
        const [output = new Uint8Array()] = await interpreter.run([new Uint8Array(features.slice(i * 490, (i + 1) * 490).buffer)]);
        const scores = new Float32Array(output.buffer);
        if (scores.indexOf(Math.max(...scores)) === label) correct++;
      }
      await interpreter.dispose();
      return correct;
    };
    const network = prepareForDeployment((await importModel(file('models/savedmodel/kws_ref_model'))).network);
    expect(await score(writeTflite({ kind: 'float', network }))).toBe(913);
    const engine = await createEngine({ threads: 1 });
    const ranges = await calibrate({ engine, network, data, samples: 100, signal: new AbortController().signal });
    const quantized = quantizeNetwork({ network, ranges });
    expect(await score(writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }))).toBeGreaterThanOrEqual(
      903,
    );
  }, 60_000);
});
