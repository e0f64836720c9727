/** Models that PyTorch exported, with what PyTorch computed; they are found through ESPALIER_TEST_DATA. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import { importModel } from '../../../../src/core/import/import-model.ts';
import { compileInference } from '../../../../src/core/lowering/inference.ts';
import { compareWithOriginal, relativeDifference } from '../../../../src/core/measure/compare-with-original.ts';
import { prepareForDeployment } from '../../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../../src/core/tflite/write-tflite.ts';
import { runFloat } from '../../tflite/run-tflite.ts';

const data = process.env['ESPALIER_TEST_DATA'];
const folder = join(data ?? '', 'models', 'onnx');

/** A float32 array of an .npz file. */
function array(archive: Readonly<Record<string, Uint8Array>>, name: string): Float32Array {
  const bytes = archive[`${name}.npy`]!;
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  return new Float32Array(bytes.slice(start).buffer);
}

/** `[n, c, h, w]` to `[n, h, w, c]`. */
function channelsLast(data: Float32Array, c: number, positions: number): Float32Array {
  return data.map((_, i) => {
    const [example, rest] = [Math.floor(i / (c * positions)), i % (c * positions)];
    return data[example * c * positions + (rest % c) * positions + Math.floor(rest / c)]!;
  });
}

describe.skipIf(data === undefined)('ONNX models that PyTorch exported', () => {
  it.each(['torchvision_mobilenet_v2_035_32', 'torchvision_resnet_thin_32'])(
    '%s computes what PyTorch computed, and so does its .tflite in LiteRT',
    async (name) => {
      const { network, warnings } = await importModel(join(folder, `${name}.onnx`));
      expect(warnings).toEqual([expect.stringContaining('was channels-first [3, 32, 32]; it is converted to [32, 32, 3]')]);
      const archive = unzipSync(await readFile(join(folder, `${name}.npz`)));
      const [input, expected] = [channelsLast(array(archive, 'input'), 3, 32 * 32), array(archive, 'output')];
      const inference = await compileInference(await createEngine({ name: 'onnxruntime-node', threads: 1 }), network, 4);
      const [found] = await inference.run([input], 4);
      await inference.dispose();
      expect(relativeDifference(found!, expected)).toBeLessThan(1e-5);
      const file = writeTflite({ kind: 'float', network: prepareForDeployment(network) });
      const inLiteRt: number[] = [];
      for (let i = 0; i < 4; i++) inLiteRt.push(...(await runFloat(file, [input.subarray(i * 3072, (i + 1) * 3072)]))[0]!);
      expect(relativeDifference(Float32Array.from(inLiteRt), expected)).toBeLessThan(1e-4);
    },
  );

  it('mnist_pytorch computes what onnxruntime computes', async () => {
    const { network, original } = await importModel(join(folder, 'mnist_pytorch.onnx'));
    const { difference, examples } = await compareWithOriginal(
      network,
      original!,
      await createEngine({ name: 'onnxruntime-node', threads: 1 }),
    );
    expect(examples).toBe(2);
    expect(difference).toBeLessThan(1e-5);
    expect(
      network.operations
        .filter(({ kind }) => kind === 'conv2d' || kind === 'depthwiseConv2d' || kind === 'dense')
        .map(({ layer }) => layer),
    ).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'f']);
  });
});
