import { EspalierError } from '../../errors.ts';
import { decodeJpeg, jpegDecoderOf } from './decode-jpeg.ts';
import { frameOf } from './jpeg-header.ts';
import { orientationOf, swapsSides, turnUpright } from './orientation.ts';
import { pngDecoder, pngPixels, pngSize } from './png-pixels.ts';
import type { Pixels } from './resize.ts';

/** What decodes an image and in which way, for digests of what is kept of it. */
export async function imageDecoderOf(bytes: Uint8Array): Promise<string> {
  return `${isJpeg(bytes) ? await jpegDecoderOf(bytes) : pngDecoder}; turned by EXIF, resized in single precision`;
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

/** `[height, width]` of the image as `decodeImage` gives it, without decoding it; undefined where its header is damaged. */
export function sizeOfImage(bytes: Uint8Array): readonly [number, number] | undefined {
  if (!isJpeg(bytes) && !isPng(bytes)) return undefined;
  try {
    const { height, width } = isJpeg(bytes) ? frameOf(bytes) : pngSize(bytes);
    return swapsSides(orientationOf(bytes)) ? [width, height] : [height, width];
  } catch {
    return undefined;
  }
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

function isPng(bytes: Uint8Array): boolean {
  return bytes[0] === 0x89 && bytes[1] === 0x50;
}

async function decodeAsStored(bytes: Uint8Array, where: string): Promise<Pixels> {
  try {
    if (isJpeg(bytes)) return await decodeJpeg(bytes);
    if (isPng(bytes)) return pngPixels(bytes);
    throw new Error(bytes.length === 0 ? 'the file is empty' : 'its content is neither JPEG nor PNG');
  } catch (error) {
    throw unreadable(where, error);
  }
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
