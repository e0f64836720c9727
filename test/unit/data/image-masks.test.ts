import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { listDataFiles } from '../../../src/core/data/list-data-files.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import type { ImageDataSpec } from '../../../src/core/data/spec/image-spec.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

/** A PNG of one grey value for each pixel, stored grey or in colour. */
function savePng(name: string, height: number, width: number, values: readonly number[], colour = false): void {
  const png = new PNG({ width, height });
  values.forEach((value, i) => png.data.set([value, value, value, 255], 4 * i));
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), PNG.sync.write(png, { colorType: colour ? 2 : 0, bitDepth: 8 }));
}

// Left half class 1, right half class 2; the last pixel has none.
const mask = [1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 255];
for (const name of ['a', 'b', 'c', 'd']) {
  savePng(
    `images/${name}.png`,
    4,
    4,
    Array.from({ length: 16 }, (_, i) => i),
  );
  savePng(`masks/${name}.png`, 4, 4, mask);
}
const model = { modelInputs: [{ name: 'in', shape: [4, 4, 1] }], modelOutputs: [{ name: 'mask', shape: [2, 2, 3] }] };
const spec: ImageDataSpec = { format: 'images', folder: 'images', masks: 'masks', validation: 0, testFraction: 0.25 };
const open = (changed: Partial<ImageDataSpec>, at = model) => openData({ ...spec, ...changed }, folder, { seed: 0, ...at });

describe('images with masks', () => {
  it('have a class for each position of the output', async () => {
    const { train, test } = await open({});
    expect([train.size, test.size, train.target]).toEqual([3, 1, { kind: 'classMap', positions: 4, classes: 3, names: undefined }]);
    // Each position takes the pixel below its centre: columns 1 and 3, rows 1 and 3.
    expect(Array.from((await test.read(Uint32Array.of(0))).labels)).toEqual([1, 2, 1, 255]);
    expect((await listDataFiles(spec, folder)).files).toHaveLength(8);
  });

  it('name the image without a mask, the mask of another size, the wrong label and the mask in colour', async () => {
    savePng('lonely/e.png', 4, 4, mask);
    await expect(open({ folder: 'lonely' })).rejects.toThrow(/no mask "e.png" of the image "e.png"/);
    const first = async (masks: string): Promise<unknown> => {
      for (const name of ['a', 'b', 'c', 'd'].slice(1)) savePng(`${masks}/${name}.png`, 4, 4, mask);
      const { train, test } = await open({ masks });
      for (const set of [train, test]) await set.read(Uint32Array.from({ length: set.size }, (_, index) => index));
      return undefined;
    };
    savePng('small/a.png', 2, 2, [0, 0, 0, 0]);
    await expect(first('small')).rejects.toThrow(/mask is 2x2, its image 4x4/);
    savePng('beyond/a.png', 4, 4, [...mask.slice(0, 15), 3]);
    await expect(first('beyond')).rejects.toThrow(/label 3, but classes go from 0 to 2/);
    savePng('colour/a.png', 4, 4, mask, true);
    await expect(first('colour')).rejects.toThrow(/PNG in colour/);
  });

  it('are not moved, which their masks would not be', async () => {
    await expect(open({ augmentation: { flip: true } })).rejects.toThrow(/"flip" and "shift" would move images, but not their masks/);
  });
});
