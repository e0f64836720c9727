import { describe, expect, it } from 'vitest';
import { kernelTensors } from '../../../src/core/measure/kernel-tensors.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { packTflite, unpackTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { stripModel } from '../../../src/core/tflite/strip-model.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { randomInputs, randomParameter } from './operation-networks.ts';
import { packableModel } from './pack/packable-model.ts';
import { quantizeByReference } from './quantized-reference.ts';
import { runFloat } from './run-tflite.ts';

const b = new NetworkBuilder('small');
const hidden = b.dense('hidden', b.input([8]), {
  kernel: randomParameter([6, 8], 0.3),
  bias: randomParameter([6], 0.1),
  activation: 'relu',
});
const network = b.build([b.dense('classes', hidden, { kernel: randomParameter([3, 6], 0.3), bias: randomParameter([3], 0.1) })]);
const quantized = quantizeByReference(network, [randomInputs(network, 1), randomInputs(network, 2)], 'int8');
const written = (strip: boolean): Uint8Array =>
  writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }, { strip });

describe('a file without the texts that no runtime needs', () => {
  it('computes the same', async () => {
    const inputs = randomInputs(network, 3);
    expect(await runFloat(written(true), inputs)).toEqual(await runFloat(written(false), inputs));
  });

  it('has names of inputs, outputs and kernels, and no others, no signature and no metadata', () => {
    const { subgraphs, signatures, metadata, description } = readTflite(written(true));
    const [graph] = subgraphs;
    const whole = readTflite(written(false)).subgraphs[0];
    const ends = [...(graph?.inputs ?? []), ...(graph?.outputs ?? [])].map((index) => whole?.tensors[index]?.name);
    const named = graph?.tensors.map(({ name }) => name).filter((name) => name !== '');
    expect(new Set(named)).toEqual(new Set([...ends, 'hidden/kernel', 'classes/kernel']));
    expect([signatures, metadata, description]).toEqual([[], [], '']);
    expect(written(true).length).toBeLessThan(written(false).length - 200);
  });

  it('stores equal vectors once, which LiteRT reads as before', async () => {
    const wide = new NetworkBuilder('wide');
    const first = wide.conv2d('first', wide.input([2, 2, 8]), {
      kernel: randomParameter([500, 1, 1, 8], 0.3),
      bias: randomParameter([500], 0.1),
      padding: 'valid',
    });
    const last = wide.conv2d('last', first, {
      kernel: randomParameter([500, 1, 1, 500], 0.1),
      bias: randomParameter([500], 0.1),
      padding: 'valid',
    });
    const whole = wide.build([last]);
    const source = quantizeByReference(whole, [randomInputs(whole, 1), randomInputs(whole, 2)], 'int8');
    const file = (strip: boolean): Uint8Array =>
      writeTflite({ kind: 'integer', quantized: source, inputType: 'float32', outputType: 'float32' }, { strip });
    const inputs = randomInputs(whole, 3);
    expect(await runFloat(file(true), inputs)).toEqual(await runFloat(file(false), inputs));
    // Two kernels and two biases have 500 zero points of eight bytes each, of which one vector stays.
    expect(file(true).length).toBeLessThan(file(false).length - 3 * 500 * 8);
  });

  it('comes back from a packed file byte for byte', () => {
    const stripped = serializeTflite(stripModel(packableModel({ values: 16, sparsity: 0.5 })));
    const { bytes, undo } = packTflite(stripped, { goal: 'small' });
    expect(undo).toBe('same-bytes');
    expect(Buffer.from(unpackTflite(bytes)).equals(stripped)).toBe(true);
  });

  it('is reported layer by layer as the whole file is', () => {
    const layers = (strip: boolean): readonly string[] => kernelTensors(readTflite(written(strip))).map(({ layer }) => layer);
    expect(layers(true)).toEqual(layers(false));
  });
});
