import { encode } from 'jpeg-js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeImage, imageDecoderOf } from '../../../src/core/data/images/decode-image.ts';
import { nativeDecoder } from '../../../src/core/data/images/native-jpeg.ts';
import { createRandom } from '../../../src/core/random.ts';

const native = await nativeDecoder();
const [height, width] = [512, 520];

/** Waves with noise, `[h, w, channels]`. */
function scene(channels: number): Buffer {
  const random = createRandom(channels);
  return Buffer.from(
    Uint8Array.from({ length: height * width * channels }, (_, i) => {
      const x = Math.floor(i / channels) % width;
      const y = Math.floor(i / channels / width);
      return 128 + 80 * Math.sin(0.05 * (x + (i % channels) * y)) + random.next() * 30;
    }),
  );
}

/** Photos of 266,240 pixels, as cameras and editors write them. */
async function photos(): Promise<Readonly<Record<string, Uint8Array>>> {
  const { default: sharp } = await import('sharp');
  const colour = () => sharp(scene(3), { raw: { height, width, channels: 3 } });
  const data = new Uint8Array(height * width * 4);
  scene(3).forEach((value, i) => (data[Math.floor(i / 3) * 4 + (i % 3)] = value));
  const plain = new Uint8Array(encode({ height, width, data }, 90).data);
  return {
    'chroma in full': plain,
    'chroma halved': await colour().jpeg({ quality: 85, mozjpeg: false }).toBuffer(),
    'progressive, optimized': await colour().jpeg({ quality: 70, mozjpeg: true }).toBuffer(),
    grey: await sharp(scene(1), { raw: { height, width, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer(),
    CMYK: await sharp(scene(3), { raw: { height, width, channels: 3 } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer(),
    'a colour profile': await colour().jpeg({ quality: 90 }).withIccProfile('p3').toBuffer(),
    'an orientation': await colour().jpeg({ quality: 90 }).withMetadata({ orientation: 6 }).toBuffer(),
    'components named R, G, B': withComponents(plain, 'RGB'),
  };
}

/** The frame and the scans name their components by a byte each. */
function withComponents(jpeg: Uint8Array, names: string): Uint8Array {
  const renamed = jpeg.slice();
  const frame = renamed.findIndex((byte, i) => byte === 0xff && renamed[i + 1] === 0xc0);
  const scan = renamed.findIndex((byte, i) => byte === 0xff && renamed[i + 1] === 0xda);
  for (let c = 0; c < 3; c++) {
    renamed[frame + 10 + 3 * c] = names.charCodeAt(c);
    renamed[scan + 5 + 2 * c] = names.charCodeAt(c);
  }
  return renamed;
}

/** The same modules on a machine without the binary. */
async function decodersWithoutSharp(): Promise<{ decode: typeof decodeImage; decoderOf: typeof imageDecoderOf }> {
  vi.resetModules();
  vi.doMock('sharp', () => {
    throw new Error('no binary for this machine');
  });
  const { decodeImage: decode, imageDecoderOf: decoderOf } = await import('../../../src/core/data/images/decode-image.ts');
  const { nativeDecoder: missing } = await import('../../../src/core/data/images/native-jpeg.ts');
  expect(await missing()).toBeUndefined();
  vi.doUnmock('sharp');
  return { decode, decoderOf };
}

async function outcome(decode: typeof decodeImage, bytes: Uint8Array): Promise<unknown> {
  return decode(bytes, 'a.jpg').then(
    ({ data, ...size }) => ({ size, sum: data.reduce((sum, value, i) => (sum + value * ((i % 251) + 1)) % 1e12, 0) }),
    (error: unknown) => String(error),
  );
}

describe.skipIf(native === undefined)('large photos decoded by sharp', () => {
  let files: Readonly<Record<string, Uint8Array>>;
  let without: Awaited<ReturnType<typeof decodersWithoutSharp>>;
  beforeAll(async () => {
    files = await photos();
    without = await decodersWithoutSharp();
  });

  it('have the pixels of the WebAssembly library', async () => {
    for (const [name, bytes] of Object.entries(files)) {
      const [a, b] = [await decodeImage(bytes, name), await without.decode(bytes, name)];
      expect([name, a.height, a.width, a.channels]).toEqual([name, b.height, b.width, b.channels]);
      let most = 0;
      a.data.forEach((value, i) => (most = Math.max(most, Math.abs(value - (b.data[i] ?? 0)))));
      expect([name, most]).toEqual([name, 0]);
    }
  });

  it('say which decoder it was', async () => {
    const bytes = files['grey'] ?? new Uint8Array();
    expect(await imageDecoderOf(bytes)).toContain('sharp');
    expect(await without.decoderOf(bytes)).not.toContain('sharp');
  });

  it('are not those of few pixels, which the library decodes sooner', async () => {
    const small = encode({ height: 16, width: 16, data: new Uint8Array(16 * 16 * 4) }, 90).data;
    expect(await imageDecoderOf(new Uint8Array(small))).not.toContain('sharp');
  });

  it('fail where the library fails, with its reason', async () => {
    const random = createRandom(7);
    const [first, second] = [files['chroma halved'] ?? new Uint8Array(), files['progressive, optimized'] ?? new Uint8Array()];
    let failed = 0;
    for (let i = 0; i < 24; i++) {
      const whole = i % 2 === 0 ? first : second;
      const damaged = i < 8 ? whole.slice(0, 700 + random.integer(whole.length - 700)) : whole.slice();
      for (let change = 0; i >= 8 && change < 1 + (i % 4); change++)
        damaged[2 + random.integer(i < 16 ? 700 : whole.length - 2)] = random.integer(256);
      const [a, b] = [await outcome(decodeImage, damaged), await outcome(without.decode, damaged)];
      expect([i, a]).toEqual([i, b]);
      if (typeof a === 'string') failed++;
    }
    expect(failed).toBeGreaterThan(8);
  });

  it('fail for damage in the last rows, after which sharp reads no more', async () => {
    const whole = files['chroma in full'] ?? new Uint8Array();
    for (const before of [20, 100, 400]) {
      const ended = whole.slice();
      // The end of the image in the midst of its last rows.
      ended.set([0xff, 0xd9], whole.length - before);
      const [a, b] = [await outcome(decodeImage, ended), await outcome(without.decode, ended)];
      expect([before, a]).toEqual([before, b]);
      expect(a).toContain('the file is damaged');
    }
  });
});
