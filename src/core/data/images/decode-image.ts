import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { EspalierError } from '../../errors.ts';
import type { Pixels } from './resize.ts';

/** Larger images are refused before they are unpacked: a file of a few bytes can promise gigabytes. */
const maximumMegapixels = 100;

/** A JPEG (always three channels) or PNG (one channel when it is grey, else three; transparency is dropped). */
export function decodeImage(bytes: Uint8Array, where: string): Pixels {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) {
      const { width, height, data } = decodeJpeg(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, maxResolutionInMP: maximumMegapixels, maxMemoryUsageInMB: 1024 });
      return { height, width, channels: 3, data };
    }
    if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng(bytes);
  } catch (error) {
    throw unreadable(where, error instanceof Error ? error.message : String(error), error);
  }
  throw unreadable(where, bytes.length === 0 ? 'the file is empty' : 'its content is neither JPEG nor PNG', undefined);
}

function decodePng(bytes: Uint8Array): Pixels {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new Error('the file is cut short');
  const megapixels = (header.getUint32(16) * header.getUint32(20)) / 1e6;
  if (megapixels > maximumMegapixels) throw new Error(`it has ${Math.round(megapixels)} megapixels, more than ${maximumMegapixels}`);
  const colourType = header.getUint8(25);
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const channels = colourType === 0 || colourType === 4 ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) pixels[i * channels + c] = data[i * 4 + c] ?? 0;
  }
  return { height, width, channels, data: pixels };
}

function unreadable(where: string, reason: string, cause: unknown): EspalierError {
  return new EspalierError('invalid-data', `the image cannot be decoded (${reason})`, { where, fix: 'replace or remove the file, or set "unreadable": "skip"', cause });
}
