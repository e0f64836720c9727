import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unzipSync } from 'fflate';
import type { Hdf5GroupContent, Hdf5Node } from '../../../src/core/import/hdf5/hdf5-messages.ts';
import { readInThread } from '../../../src/core/import/hdf5/hdf5-thread.ts';
import { readPlainHdf5 } from '../../../src/core/import/hdf5/plain-hdf5.ts';
import { createRandom } from '../../../src/core/random.ts';

const folder = process.env['ESPALIER_TEST_DATA'];
const groupNames = ['model_weights', 'layers', '_layer_checkpoint_dependencies', 'optimizer', 'vars'];

async function byLibrary(bytes: Uint8Array): Promise<Hdf5GroupContent> {
  const request = { bytes: bytes.slice(), groups: groupNames, memoryBytes: 2 ** 29, contentBytes: 2 ** 28 };
  return readInThread(request, 30);
}

/** Maps are equal in any order. */
function orderOf(node: Hdf5Node): unknown {
  return node.kind === 'dataset'
    ? 0
    : [[...node.attributes.keys()].sort(), [...node.members].map(([name, member]) => [name, orderOf(member)])];
}

/** Files of Keras, of several versions and authors. */
function files(): readonly (readonly [string, Uint8Array])[] {
  if (folder === undefined) return [];
  const found: [string, Uint8Array][] = [];
  for (const [kind, ending] of [
    ['h5', '.h5'],
    ['keras', '.keras'],
  ] as const) {
    for (const name of readdirSync(path.join(folder, 'models', kind)).filter((each) => each.endsWith(ending))) {
      const bytes = new Uint8Array(readFileSync(path.join(folder, 'models', kind, name)));
      const content = kind === 'h5' ? bytes : unzipSync(bytes)['model.weights.h5'];
      if (content !== undefined) found.push([name, content]);
    }
  }
  return found;
}

describe.skipIf(folder === undefined)('HDF5 as h5py writes it', () => {
  it('is read as the library reads it', async () => {
    const read: string[] = [];
    for (const [name, bytes] of files()) {
      const plain = readPlainHdf5(bytes, groupNames);
      if (plain === undefined) continue;
      read.push(name);
      const library = await byLibrary(bytes);
      expect([name, plain]).toEqual([name, library]);
      expect(orderOf(plain)).toEqual(orderOf(library));
    }
    expect(read.length).toBeGreaterThan(4);
  });

  it('is left to the library where it is damaged, or read within bounds', () => {
    const random = createRandom(3);
    const [, bytes] = files().find(([name]) => name.startsWith('mnist_notebook')) ?? ['', new Uint8Array()];
    let left = 0;
    for (let i = 0; i < 400; i++) {
      const damaged = i % 4 === 0 ? bytes.slice(0, random.integer(bytes.length)) : bytes.slice();
      // Structure lies in front.
      for (let change = 0; change < 4; change++) damaged[random.integer(Math.min(12_000, damaged.length))] = random.integer(256);
      if (readPlainHdf5(damaged, groupNames) === undefined) left++;
    }
    expect(left).toBeGreaterThan(100);
  });
});

describe('what is not plain HDF5', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', new Uint8Array(Buffer.from('no HDF5 at all'.repeat(20)))],
    ['a later superblock', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, ...new Uint8Array(200))],
    [
      'a root beyond the end',
      Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, ...new Uint8Array(60).fill(255)),
    ],
  ])('is left to the library: %s', (_, bytes) => {
    expect(readPlainHdf5(bytes, groupNames)).toBeUndefined();
  });
});
