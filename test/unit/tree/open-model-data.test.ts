/** Data that depend on the model's outputs: every command gives the model's whole interface to what opens them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { convertModel } from '../../../src/core/tree/operations/convert-model.ts';
import { estimateRun } from '../../../src/core/tree/operations/estimate-run.ts';
import { deployModel } from '../../../src/deploy/deploy-model.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const file = (name: string): string => path.join(folder, name);
const data = { format: 'images', folder: file('images'), masks: file('masks'), validation: 0, testFraction: 0.25 };
const context = { signal: new AbortController().signal, onProgress: () => undefined };

function savePng(name: string, value: (pixel: number) => number): void {
  const png = new PNG({ width: 4, height: 4 });
  for (let i = 0; i < 16; i++) png.data.set([value(i), value(i), value(i), 255], 4 * i);
  mkdirSync(path.dirname(file(name)), { recursive: true });
  writeFileSync(file(name), PNG.sync.write(png, { colorType: 0, bitDepth: 8 }));
}

/** Images `[4, 4, 1]` to scores `[2, 2, 3]` of three classes at four positions. */
function segmentation() {
  const b = new NetworkBuilder('segmentation');
  const kernel = { shape: [3, 2, 2, 1], data: Float32Array.from({ length: 12 }, (_, i) => (i - 6) / 12) };
  const bias = { shape: [3], data: new Float32Array(3) };
  const scores = b.conv2d('scores', b.input([4, 4, 1], 'image'), { kernel, bias, strides: [2, 2], padding: 'valid' });
  return b.build([b.activation('softmax', scores, 'softmax')]);
}

beforeAll(() => {
  const { json, weights } = writeTfjsLayers(segmentation());
  writeFileSync(file('model.json'), json);
  writeFileSync(file('weights.bin'), weights);
  for (const name of ['a', 'b', 'c', 'd']) {
    savePng(`images/${name}.png`, (i) => 16 * i);
    savePng(`masks/${name}.png`, (i) => i % 3);
  }
});

describe('images with masks, whose shape is that of an output,', () => {
  it('calibrate a conversion, and give the test case of a deployment', async () => {
    const { output, warnings } = await convertModel({ model: file('model.json'), output: file('m.tflite'), mode: 'int8', data }, context);
    expect(warnings).toEqual([expect.stringMatching(/only 3 examples calibrate/)]);
    const deployed = await deployModel({ file: output, output: file('out'), target: 'tflm', data });
    expect(deployed.warnings).toEqual([]);
  });

  it('are counted for the estimate of a run', async () => {
    const { seconds } = await estimateRun({ model: file('model.json'), data });
    expect(seconds.full).toBeGreaterThan(seconds.quick);
  });
});
