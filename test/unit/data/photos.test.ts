import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/core/data/images/decode-image.ts';
import { turnUpright } from '../../../src/core/data/images/orientation.ts';
import { resizeImage } from '../../../src/core/data/images/resize.ts';
import { createRandom } from '../../../src/core/random.ts';

/** A JPEG of 16x32 whose left half is white, with an EXIF block that states an orientation. */
function photo(orientation: number, little: boolean): Uint8Array {
  const data = new Uint8Array(16 * 32 * 4);
  for (let y = 0; y < 16; y++) data.fill(255, y * 128, y * 128 + 64);
  const jpeg = encode({ width: 32, height: 16, data }, 90).data;
  const tiff = new DataView(new ArrayBuffer(26));
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  tiff.setUint16(8, 1, little);
  tiff.setUint16(10, 0x0112, little);
  tiff.setUint16(12, 3, little);
  tiff.setUint32(14, 1, little);
  tiff.setUint16(18, orientation, little);
  const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 2 + 6 + 26]), Buffer.from('Exif\0\0'), new Uint8Array(tiff.buffer)]);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]));
}

/** `[height, width, brightness of the top left corner, of the bottom right one]` */
async function seen(bytes: Uint8Array): Promise<readonly number[]> {
  const { height, width, data } = await decodeImage(bytes, 'a.jpg');
  return [height, width, Math.round((data[0] ?? 0) / 255), Math.round((data.at(-1) ?? 0) / 255)];
}

describe('the orientation of a photo', () => {
  it.each([true, false])('turns it, little-endian: %s', async (little) => {
    expect(await seen(photo(1, little))).toEqual([16, 32, 1, 0]);
    // Mirrored, and turned by half a turn: the white half is on the right.
    expect(await seen(photo(2, little))).toEqual([16, 32, 0, 1]);
    expect(await seen(photo(3, little))).toEqual([16, 32, 0, 1]);
    // A quarter turn clockwise takes the left half to the top, one anticlockwise to the bottom.
    expect(await seen(photo(6, little))).toEqual([32, 16, 1, 0]);
    expect(await seen(photo(8, little))).toEqual([32, 16, 0, 1]);
  });

  it('leaves it where the value makes no sense', async () => {
    expect(await seen(photo(0, true))).toEqual([16, 32, 1, 0]);
    expect(await seen(photo(9, false))).toEqual([16, 32, 1, 0]);
  });

  it('is one of eight, each a rearrangement of the pixels', () => {
    // abc over def.
    const image = { height: 2, width: 3, channels: 1, data: Uint8Array.from([...'abcdef'], (letter) => letter.charCodeAt(0)) };
    const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => {
      const { width, data } = turnUpright(image, orientation);
      const text = String.fromCharCode(...data);
      return Array.from({ length: text.length / width }, (_, y) => text.slice(y * width, (y + 1) * width)).join(' ');
    });
    expect(rows).toEqual(['abc def', 'cba fed', 'fed cba', 'def abc', 'ad be cf', 'da eb fc', 'fc eb da', 'cf be ad']);
  });
});

describe('a file that is no photo', () => {
  it.each([
    ['text', Buffer.from('no photo at all'), 'neither JPEG nor PNG'],
    ['nothing', Buffer.alloc(0), 'the file is empty'],
    ['a header that promises 625 megapixels', header(25000, 25000, 8), '625 megapixels, more than 100'],
    ['a header of 12 bits a sample', header(16, 16, 12), '12 bits a sample'],
    ['a header without pixels', header(16, 16, 8), 'cannot be decoded'],
  ])('is named: %s', async (_, bytes, reason) => {
    await expect(decodeImage(new Uint8Array(bytes), 'cats/1.jpg')).rejects.toThrow(
      new RegExp(`^cats/1\\.jpg: the image cannot be decoded .*${reason}|cats/1\\.jpg: the image ${reason}`),
    );
  });

  it('does not keep the next one from being read', async () => {
    const good = photo(1, true);
    await expect(decodeImage(good.slice(0, -20), 'a.jpg')).rejects.toThrow('the file is cut short');
    expect(await seen(good)).toEqual([16, 32, 1, 0]);
  });
});

function header(height: number, width: number, precision: number): Uint8Array {
  const frame = Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 17, precision, 0, 0, 0, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
  frame.writeUInt16BE(height, 7);
  frame.writeUInt16BE(width, 9);
  return Buffer.concat([frame, Buffer.alloc(100_000)]);
}

describe('a PNG', () => {
  it('of 16 bits a channel is read as its upper 8', async () => {
    const png = new PNG({ width: 2, height: 1, bitDepth: 16, colorType: 0, inputColorType: 0, inputHasAlpha: false });
    png.data = Buffer.from(Uint16Array.of(0x1234, 0xfedc).buffer);
    const file = PNG.sync.write(png, { bitDepth: 16, colorType: 0, inputColorType: 0, inputHasAlpha: false });
    const { channels, data } = await decodeImage(new Uint8Array(file), 'a.png');
    expect(channels).toBe(1);
    expect([...data]).toEqual([0x12, 0xfe]);
  });
});

describe('resizing', () => {
  it('is a weighted mean of the pixels under a triangle, in any number of channels', () => {
    const random = createRandom(4);
    for (const [channels, from, to] of [
      [1, 24, 10],
      [3, 31, 12],
      [3, 5, 13],
    ] as const) {
      const image = {
        height: from,
        width: from,
        channels,
        data: Uint8Array.from({ length: from * from * channels }, () => random.integer(256)),
      };
      const region = { top: 1.5, left: 0.25, height: from - 2, width: from - 1 };
      const resized = resizeImage(image, to, to, region);
      const weights = (start: number, length: number, index: number): readonly number[] => {
        const scale = length / to;
        const centre = start + (index + 0.5) * scale;
        const raw = Array.from({ length: from }, (_, i) => Math.max(0, 1 - Math.abs(i + 0.5 - centre) / Math.max(scale, 1)));
        return raw.map((weight) => weight / raw.reduce((sum, each) => sum + each, 0));
      };
      for (const [y, x, c] of [
        [0, 0, 0],
        [to - 1, 2, channels - 1],
        [4, to - 1, 0],
      ] as const) {
        const across = weights(region.left, region.width, x);
        const down = weights(region.top, region.height, y);
        let mean = 0;
        down.forEach((v, i) => across.forEach((h, j) => (mean += v * h * image.data[(i * from + j) * channels + c]!)));
        expect(Math.abs(resized.data[(y * to + x) * channels + c]! - mean)).toBeLessThan(0.51);
      }
    }
  });
});
