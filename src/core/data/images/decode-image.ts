import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { EspalierError } from '../../errors.ts';
import type { Pixels } from './resize.ts';

/** More pixels than so many for each byte of the file mean damaged dimensions: not even blank images pack as densely. */
const pixelsPerByte = 8192;

/** Larger images are refused before they are unpacked: a file of a few bytes can promise gigabytes. */
const maximumMegapixels = 100;

/** A JPEG (always three channels) or PNG (one channel when it is grey, else three; transparency is dropped). */
export function decodeImage(bytes: Uint8Array, where: string): Pixels {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xd8) {
      checkDimensions(jpegPixels(bytes), bytes.length);
      if (countScans(bytes) > mostScans) throw new Error(`it has more than ${mostScans} scans`);
      const { width, height, data } = decodeJpeg(bytes, {
        useTArray: true,
        formatAsRGBA: false,
        tolerantDecoding: false,
        maxResolutionInMP: maximumMegapixels,
        maxMemoryUsageInMB: 1024,
      });
      return { height, width, channels: 3, data };
    }
    if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng(bytes);
  } catch (error) {
    throw unreadable(where, reasonOf(error), error);
  }
  throw unreadable(where, bytes.length === 0 ? 'the file is empty' : 'its content is neither JPEG nor PNG', undefined);
}

function decodePng(bytes: Uint8Array): Pixels {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new Error('the file is cut short');
  checkDimensions(header.getUint32(16) * header.getUint32(20), bytes.length);
  if (hasSecondHeader(bytes)) throw new Error('it has two headers');
  const colourType = header.getUint8(25);
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const channels = colourType === 0 || colourType === 4 ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) pixels[i * channels + c] = data[i * 4 + c] ?? 0;
  }
  return { height, width, channels, data: pixels };
}

/** Each scan of a progressive JPEG goes over the whole image, however few bytes it has; encoders write about ten. */
const mostScans = 100;

function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let offset = bytes.indexOf(0xff); offset >= 0; offset = bytes.indexOf(0xff, offset + 1)) if (bytes[offset + 1] === 0xda) scans++;
  return scans;
}

/** The decoder would follow it, and the dimensions that were checked are those of the first. */
function hasSecondHeader(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 33; offset + 8 <= bytes.length; offset += 12 + view.getUint32(offset))
    if (String.fromCharCode(...bytes.subarray(offset + 4, offset + 8)) === 'IHDR') return true;
  return false;
}

function checkDimensions(pixels: number, fileBytes: number): void {
  if (pixels === 0) throw new Error('its width or height is 0');
  if (pixels > maximumMegapixels * 1e6) throw new Error(`it has ${Math.round(pixels / 1e6)} megapixels, more than ${maximumMegapixels}`);
  if (pixels > fileBytes * pixelsPerByte) throw new Error(`its ${fileBytes} bytes cannot hold ${pixels} pixels`);
}

/** From the frame header: segments are a marker 0xff.., a length and data. */
function jpegPixels(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 9 <= bytes.length;) {
    if (bytes[offset] !== 0xff) throw new Error('a segment does not start where it should');
    const marker = bytes[offset + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return view.getUint16(offset + 5) * view.getUint16(offset + 7);
    // A fill byte before a marker.
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
  throw new Error('it has no frame');
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // The decoder's message describes its own streams.
  return message.includes('read requests') ? 'the file is cut short' : message;
}

function unreadable(where: string, reason: string, cause: unknown): EspalierError {
  return new EspalierError('invalid-data', `the image cannot be decoded (${reason})`, {
    where,
    fix: 'replace or remove the file, or set "unreadable": "skip"',
    cause,
  });
}
