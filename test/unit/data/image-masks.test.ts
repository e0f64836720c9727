import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../src/core/data/images/decode-image.ts';
import { listDataFiles } from '../../../src/core/data/list-data-files.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import type { ImageDataSpec } from '../../../src/core/data/spec/image-spec.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

vi.mock(import('../../../src/core/data/images/decode-image.ts'), { spy: true });

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

  it('are left out with a warning, image or mask, where "unreadable" says so', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      savePng(`some/${name}.png`, 4, 4, mask);
      savePng(`some-masks/${name}.png`, 4, 4, mask);
    }
    writeFileSync(path.join(folder, 'some/b.png'), 'no image');
    writeFileSync(path.join(folder, 'some-masks/d.png'), 'no mask');
    const warnings: string[] = [];
    const set: ImageDataSpec = { ...spec, folder: 'some', masks: 'some-masks', unreadable: 'skip' };
    const { train, test } = await openData(set, folder, { seed: 0, ...model, onWarning: (text) => warnings.push(text) });
    expect(train.size + test.size).toBe(3);
    expect(warnings).toEqual([
      expect.stringMatching(/^left out: .*some\/b\.png: /),
      expect.stringMatching(/^left out: .*some-masks\/d\.png: /),
    ]);
  });

  it('are compared with the size of their image without decoding it, where it is kept decoded', async () => {
    const read = async (): Promise<Int32Array> => {
      const { train } = await openData(spec, folder, { seed: 0, ...model, examplesFolder: path.join(folder, 'kept') });
      return (await train.read(Uint32Array.of(0, 1))).labels;
    };
    const labels = await read();
    vi.mocked(decodeImage).mockClear();
    expect(await read()).toEqual(labels);
    expect(decodeImage).not.toHaveBeenCalled();
  });

  it('may have palettes, whose indices are the classes', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      mkdirSync(path.join(folder, 'palette'), { recursive: true });
      writeFileSync(
        path.join(folder, `palette/${name}.png`),
        palettePng(
          4,
          4,
          mask.map((label) => Math.min(label, 3)),
        ),
      );
    }
    const classes = ['none', 'left', 'right', 'edge'];
    const at = { ...model, modelOutputs: [{ name: 'mask', shape: [4, 4, 4] }] };
    const { test } = await open({ masks: 'palette', classes }, at);
    expect(Array.from((await test.read(Uint32Array.of(0))).labels)).toEqual(mask.map((label) => Math.min(label, 3)));
  });

  it('follow their images when these are mirrored and shifted', async () => {
    // Each pixel's value is its position, which shows where it was moved to.
    const at = { ...model, modelOutputs: [{ name: 'mask', shape: [4, 4, 3] }] };
    const { train } = await open({ augmentation: { flip: true, shift: 2 }, preprocessing: { scale: 1 } }, at);
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const { inputs, labels } = await train.read(Uint32Array.of(0), epoch);
      const sources = Array.from(inputs[0]!);
      sources.forEach((source, position) => {
        // 0 is the first pixel, or what the image has left.
        expect(source === 0 ? [-1, 1] : [mask[source]]).toContain(labels[position]);
      });
      seen.add(sources.join());
      const left = Array.from(labels).filter((label) => label === -1).length;
      expect(sources.filter((value) => value === 0).length - left).toBeLessThanOrEqual(1);
    }
    expect(seen.size).toBeGreaterThan(5);
    const half = await open({ augmentation: { shift: 2 } });
    for (let epoch = 0; epoch < 5; epoch++) expect((await half.train.read(Uint32Array.of(1), epoch)).labels).toHaveLength(4);
    const wide = { ...model, modelOutputs: [{ name: 'mask', shape: [2, 4, 3] }] };
    await expect(open({ augmentation: { flip: true } }, wide)).rejects.toThrow(/masks of other proportions/);
  });
});

/** A PNG of 8-bit indices into a palette of four colours, written by hand. */
function palettePng(height: number, width: number, indices: readonly number[]): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const content = Buffer.concat([Buffer.from(type), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(content));
    return Buffer.concat([length, content, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) => [0, ...indices.slice(y * width, (y + 1) * width)]).flat();
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.of(0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0)),
    chunk('tRNS', Uint8Array.of(0)),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
