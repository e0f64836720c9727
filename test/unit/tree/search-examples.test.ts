import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { writeKerasV3 } from '../../../src/core/export/keras-v3.ts';
import { anyTarget } from '../../../src/core/hardware/targets.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { searchSupport } from '../../../src/core/tree/search-support.ts';
import { examplesFolder } from '../../../src/core/tree/store/run-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { quadrantImages } from '../fixtures/quadrant-images.ts';
import { seededParameter } from '../train/training-fixtures.ts';

it('a search takes photos from where its stages keep them decoded', async () => {
  const folder = temporaryFolder();
  const b = new NetworkBuilder('net');
  const kernel = seededParameter([2, 8 * 8 * 3], 1);
  const network = b.build([b.activation('softmax', b.dense('dense', b.flatten('flatten', b.input([8, 8, 3])), { kernel }), 'softmax')]);
  writeFileSync(path.join(folder, 'net.keras'), await writeKerasV3(network));
  for (const file of ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']) {
    mkdirSync(path.join(folder, 'photos', path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, 'photos', file), Buffer.from(quadrantImages['colour, 8 bits'] ?? '', 'base64'));
  }
  const support = searchSupport({
    recipe: { model: 'net.keras' },
    folder,
    model: {
      name: 'net',
      path: path.join(folder, 'net.keras'),
      data: { format: 'images', folder: 'photos', unreadable: 'skip' },
      dataFolder: folder,
      inputShapes: undefined,
    },
    engine: await createEngine({ name: 'onnxruntime-node', threads: 1 }),
    target: anyTarget,
    threadScript: undefined,
    file: path.join(folder, 'basis.json'),
  });
  await support.structures();
  // That the photos can be decoded is kept there when they are opened.
  expect(readdirSync(examplesFolder(folder)).length).toBeGreaterThan(0);
});
