/** Small model files that ask for much: refused, or done in time and memory that the file explains. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/core/import/import-model.ts';
import { inDependencyOrder } from '../../../src/core/import/keras/call-order.ts';
import { parseKerasModel } from '../../../src/core/import/keras/model-config.ts';
import { readSortedTable } from '../../../src/core/import/saved-model/sorted-table.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { mostOperations } from '../../../src/core/network/graph-builder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const testData = process.env['ESPALIER_TEST_DATA'];
const input = { class_name: 'InputLayer', name: 'in', config: { name: 'in', batch_input_shape: [null, 4] }, inbound_nodes: [] };

/** A layer that is called on itself twice, which is called twice, and so on: `2 ** levels` layers in a file of `levels` models. */
function nested(levels: number): object {
  let model: object = {
    class_name: 'Functional',
    name: 'm0',
    config: {
      name: 'm0',
      layers: [input, { class_name: 'ReLU', name: 'a', config: { name: 'a' }, inbound_nodes: [[['in', 0, 0, {}]]] }],
      input_layers: [['in', 0, 0]],
      output_layers: [['a', 0, 0]],
    },
  };
  for (let level = 1; level <= levels; level++) {
    const name = `m${level - 1}`;
    const called = { ...model, inbound_nodes: [[['in', 0, 0, {}]], [[name, 1, 0, {}]]] };
    model = {
      class_name: 'Functional',
      name: `m${level}`,
      config: { name: `m${level}`, layers: [input, called], input_layers: [['in', 0, 0]], output_layers: [[name, 2, 0]] },
    };
  }
  return model;
}

function tfjsModel(config: object, paths: readonly string[] = []): string {
  const folder = temporaryFolder();
  const json = { modelTopology: { keras_version: '2.4.0', model_config: config }, weightsManifest: [{ paths, weights: [] }] };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json));
  return path.join(folder, 'model.json');
}

describe('nested models', () => {
  it('become the network that they describe', async () => {
    expect((await importModel(tfjsModel(nested(10)))).network.operations).toHaveLength(2 ** 10);
  });

  it.each([15, 28, 31])('of %i levels are refused before anything is made of them', async (levels) => {
    await expect(importModel(tfjsModel(nested(levels)))).rejects.toThrow(
      `calls ${(2 ** levels).toLocaleString('en')} layers, more than 20,000`,
    );
  });
});

describe('a network', () => {
  it('has so many operations and no more', () => {
    const builder = new NetworkBuilder('long');
    let value = builder.input([1]);
    for (let i = 0; i < mostOperations; i++) value = builder.activation('relu', value, 'relu');
    expect(value).toBe(`relu_${mostOperations - 1}`);
    expect(() => builder.activation('relu', value, 'relu')).toThrow(`has more than ${mostOperations} operations`);
  });
});

describe('layers in any order', () => {
  const chain = (names: readonly string[], order: readonly number[]) => {
    const layers = names.map((name, index) => ({
      class_name: 'ReLU',
      name,
      config: { name },
      inbound_nodes: [[[index === 0 ? 'in' : (names[index - 1] ?? ''), 0, 0, {}]]],
    }));
    const config = { name: 'm', layers: [input, ...order.map((place) => layers[place])], input_layers: [['in', 0, 0]] };
    return parseKerasModel({ class_name: 'Functional', config: { ...config, output_layers: [[names.at(-1) ?? '', 0, 0]] } } as never, 'm');
  };

  it('are called after what they take values of, in time proportional to their number', () => {
    const names = Array.from({ length: 4000 }, (_, index) => `l${index}`);
    const backwards = names.map((_, index) => names.length - 1 - index);
    expect(inDependencyOrder(chain(names, backwards)).map(({ layer }) => layer.name)).toEqual(names);
    expect(inDependencyOrder(chain(['a', 'b', 'c', 'd'], [2, 0, 1, 3])).map(({ layer }) => layer.name)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a checkpoint index', () => {
  /** A table of one block: entries of `[shared, unshared, value]`. */
  function table(entries: readonly (readonly [shared: number, rest: string, value: string])[]): Uint8Array {
    const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
    const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
    const block = (content: readonly number[]): number[] => [...content, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const data = block(
      entries.flatMap(([shared, rest, value]) => [
        ...varint(shared),
        ...varint(rest.length),
        ...varint(value.length),
        ...encode(rest),
        ...encode(value),
      ]),
    );
    const handle = [...varint(0), ...varint(data.length - 5)];
    const index = block([...varint(0), ...varint(1), ...varint(handle.length), ...encode('z'), ...handle]);
    const handles = [0, 0, ...varint(data.length), ...varint(index.length - 5)];
    const footer = [...handles, ...Array.from({ length: 40 - handles.length }, () => 0), 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
    return Uint8Array.from([...data, ...index, ...footer]);
  }

  it('gives keys with what they share with the one before', () => {
    const read = readSortedTable(
      table([
        [0, 'layer/bias', 'a'],
        [6, 'kernel', 'b'],
      ]),
      'index',
    );
    expect([...read].map(([key, value]) => [key, new TextDecoder().decode(value)])).toEqual([
      ['layer/bias', 'a'],
      ['layer/kernel', 'b'],
    ]);
  });

  it('whose keys grow by a letter each is refused', () => {
    const growing = table(Array.from({ length: 4000 }, (_, index) => [index, 'x', ''] as const));
    expect(() => readSortedTable(growing, 'index')).toThrow(/index: holds more than [\d,]+ bytes/);
    expect(readSortedTable(growing, 'index', { bytes: 1e8 }).size).toBe(4000);
  });

  it('may spend what it is given and no more', () => {
    const small = table([
      [0, 'layer/bias', 'a'],
      [6, 'kernel', 'b'],
    ]);
    expect(() => readSortedTable(small, 'index', { bytes: 50 })).toThrow('holds more than 50 bytes');
  });
});

describe('weights beside a model', () => {
  const config = { class_name: 'Sequential', config: { name: 's', layers: [input] } };

  it('are named once each', async () => {
    const model = tfjsModel(
      config,
      Array.from({ length: 4000 }, () => 'w.bin'),
    );
    writeFileSync(path.join(path.dirname(model), 'w.bin'), new Uint8Array(100_000));
    await expect(importModel(model)).rejects.toThrow('names the shard "w.bin" twice');
  });

  it.skipIf(process.platform === 'win32')('are files, not pipes or devices', async () => {
    const model = tfjsModel(config, ['w.bin']);
    execFileSync('mkfifo', [path.join(path.dirname(model), 'w.bin')]);
    await expect(importModel(model)).rejects.toThrow('w.bin: is neither a file nor a folder');
    const other = tfjsModel(config, ['w.bin']);
    symlinkSync('/dev/zero', path.join(path.dirname(other), 'w.bin'));
    await expect(importModel(other)).rejects.toThrow('w.bin: is neither a file nor a folder');
    await expect(importModel('/dev/zero')).rejects.toThrow('is neither a file nor a folder');
    const saved = temporaryFolder();
    mkdirSync(path.join(saved, 'variables'));
    writeFileSync(path.join(saved, 'saved_model.pb'), '');
    symlinkSync('/dev/zero', path.join(saved, 'keras_metadata.pb'));
    await expect(importModel(saved)).rejects.toThrow('keras_metadata.pb: is neither a file nor a folder');
  });
});

describe('a .keras file', () => {
  it('that unpacks to more than deflate can have packed is refused', async () => {
    const file = path.join(temporaryFolder(), 'model.keras');
    const zip = zipSync({ 'config.json': new Uint8Array(100), 'model.weights.h5': new Uint8Array(100) });
    const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
    // The size that the directory gives for the first entry.
    for (let at = 0; at + 4 <= zip.length; at++) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 0x7fffffff, true);
    writeFileSync(file, zip);
    await expect(importModel(file)).rejects.toThrow(/model\.keras: holds more than [\d,]+ bytes/);
  });
});

describe.skipIf(testData === undefined)('the hostile cases', () => {
  const cases = path.join(testData ?? '', 'cases', 'hostile');
  it.each([
    ['nested12', undefined],
    ['sm-scaled', /holds more than [\d,]+ bytes/],
    ['wildcards', undefined],
  ])('%s', async (name, error) => {
    const imported = importModel(path.join(cases, name));
    if (error === undefined) await imported;
    else await expect(imported).rejects.toThrow(error);
  });
});
