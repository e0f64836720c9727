import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { decodeImage, sizeOfImage } from '../../../src/core/data/images/decode-image.ts';

function chunk(type: string, data: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(content.length + 8);
  whole.writeUInt32BE(data.length);
  content.copy(whole, 4);
  whole.writeUInt32BE(crc32(content), content.length + 4);
  return whole;
}

interface PngHeader {
  readonly height: number;
  readonly width: number;
  readonly bits: number;
  readonly colourType: number;
  readonly interlace: number;
}

function png({ height, width, bits, colourType, interlace }: PngHeader, pixelData: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colourType, 0, 0, interlace], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return new Uint8Array(Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixelData), chunk('IEND', Buffer.alloc(0))]));
}

describe('a PNG', () => {
  it('that takes gigabytes unpacked is refused before it is, however few megapixels it has', async () => {
    // 64 megapixels of 8 bytes.
    const file = png({ height: 8000, width: 8000, bits: 16, colourType: 6, interlace: 0 }, new Uint8Array(10_000));
    await expect(decodeImage(file, 'a.png')).rejects.toThrow(
      'a.png: the image cannot be decoded (it takes 512 MB unpacked, more than 400)',
    );
  });

  // Of 2x2 pixels: the first pass has the pixel at the top left, the sixth the one beside it, the seventh the row below.
  const passes = Uint8Array.of(0, 10, 0, 20, 0, 30, 40);
  const header: PngHeader = { height: 2, width: 2, bits: 8, colourType: 0, interlace: 1 };

  it('that is interlaced is put together', async () => {
    const { data } = await decodeImage(png(header, deflateSync(passes)), 'a.png');
    expect([...data]).toEqual([10, 20, 30, 40]);
  });

  it('that is interlaced and unpacks to more than its header says is refused', async () => {
    const file = png(header, deflateSync(Buffer.concat([passes, Buffer.alloc(1)])));
    await expect(decodeImage(file, 'a.png')).rejects.toThrow('it unpacks to more than its header says');
  });
});

describe('a JPEG', () => {
  const photo = (): Buffer => encode({ width: 32, height: 16, data: new Uint8Array(16 * 32 * 4).fill(90) }, 90).data;

  it('of another version of JFIF is read, and its bytes stay as they are', async () => {
    const known = await decodeImage(new Uint8Array(photo()), 'a.jpg');
    const old = photo();
    expect(old.toString('latin1', 6, 10)).toBe('JFIF');
    old[11] = 0;
    expect(await decodeImage(old, 'a.jpg')).toEqual(known);
    expect(old[11]).toBe(0);
  });

  /** Behind `start`, the frame of an image of `height` x `width`. */
  function framed(start: readonly number[], height: number, width: number, components: number): Uint8Array {
    const frame = Buffer.alloc(10 + 3 * components);
    frame.set([0xff, 0xc0, 0, 8 + 3 * components, 8]);
    frame.writeUInt16BE(height, 5);
    frame.writeUInt16BE(width, 7);
    frame[9] = components;
    return new Uint8Array(Buffer.concat([Buffer.from(start), frame, Buffer.alloc(100_000)]));
  }

  it('in CMYK that takes gigabytes is refused before it is decoded', async () => {
    const file = framed([0xff, 0xd8], 6000, 10_000, 4);
    await expect(decodeImage(file, 'a.jpg')).rejects.toThrow('it has 60 megapixels in CMYK, more than 50');
  });

  it('is known by the frame that decoders find, behind a marker without a length too', async () => {
    const file = framed([0xff, 0xd8, 0xff, 0x01], 25_000, 25_000, 3);
    await expect(decodeImage(file, 'a.jpg')).rejects.toThrow('it has 625 megapixels, more than 100');
  });
});

it('the size of an image is known without decoding it, as it is seen', async () => {
  const exif = Buffer.from('4578696600004d4d002a00000008000101120003000000010006000000000000', 'hex');
  const marker = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  const photo = encode({ width: 32, height: 16, data: new Uint8Array(16 * 32 * 4) }, 90).data;
  const turned = new Uint8Array(Buffer.concat([photo.subarray(0, 2), marker, exif, photo.subarray(2)]));
  const { height, width } = await decodeImage(turned, 'a.jpg');
  expect([height, width]).toEqual([32, 16]);
  expect(sizeOfImage(turned)).toEqual([32, 16]);
  expect(sizeOfImage(png({ height: 3, width: 5, bits: 8, colourType: 2, interlace: 0 }, new Uint8Array(0)))).toEqual([3, 5]);
  expect(sizeOfImage(Buffer.from('no photo, but longer than the header of one'))).toBeUndefined();
});
