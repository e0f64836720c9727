import { PNG } from 'pngjs';
import { EspalierError } from '../../errors.ts';
import { checkDimensions } from './check-dimensions.ts';
import { decodeJpeg, jpegDecoderOf } from './decode-jpeg.ts';
import { orientationOf, turnUpright } from './orientation.ts';
import type { Pixels } from './resize.ts';

/** What decodes an image and in which way, for digests of what is kept of it. */
export async function imageDecoderOf(bytes: Uint8Array): Promise<string> {
  return `${isJpeg(bytes) ? await jpegDecoderOf(bytes) : 'pngjs 7.0.0'}; turned by EXIF, resized in single precision`;
}

/**
 * A JPEG (always three channels) or PNG (one channel when it is grey, else three; transparency is dropped, 16 bits become
 * 8), turned as its EXIF orientation says.
 *
 * @throws EspalierError `invalid-data` that names the file
 */
export async function decodeImage(bytes: Uint8Array, where: string): Promise<Pixels> {
  const pixels = await decodeAsStored(bytes, where);
  return turnUpright(pixels, orientationOf(bytes));
}

/** A PNG as its pixels are stored. */
export function decodePng(bytes: Uint8Array, where: string): Pixels {
  try {
    return pngPixels(bytes);
  } catch (error) {
    throw unreadable(where, error);
  }
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}

async function decodeAsStored(bytes: Uint8Array, where: string): Promise<Pixels> {
  try {
    if (isJpeg(bytes)) return await decodeJpeg(bytes);
    if (bytes[0] === 0x89 && bytes[1] === 0x50) return pngPixels(bytes);
    throw new Error(bytes.length === 0 ? 'the file is empty' : 'its content is neither JPEG nor PNG');
  } catch (error) {
    throw unreadable(where, error);
  }
}

function pngPixels(bytes: Uint8Array): Pixels {
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

/** The decoder would follow it, and the dimensions that were checked are those of the first. */
function hasSecondHeader(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 33; offset + 8 <= bytes.length; offset += 12 + view.getUint32(offset))
    if (String.fromCharCode(...bytes.subarray(offset + 4, offset + 8)) === 'IHDR') return true;
  return false;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Decoders' messages describe their own streams.
  return message.includes('read requests') || message.includes('Premature end') ? 'the file is cut short' : message;
}

function unreadable(where: string, cause: unknown): EspalierError {
  return new EspalierError('invalid-data', `the image cannot be decoded (${reasonOf(cause)})`, {
    where,
    fix: 'replace or remove the file, or set "unreadable": "skip"',
    cause,
  });
}
