import { EspalierError } from '../../errors.ts';
import { decodeImage } from './decode-image.ts';
import type { Pixels, Region } from './resize.ts';

/** Bits and colour type of a PNG. */
const depthAt = 24;
const colourTypeAt = 25;
const grey = 0;

/**
 * A mask: a grey PNG of 8 bits whose values are class indices.
 *
 * @throws EspalierError `invalid-data` that names the file
 */
export function decodeMask(bytes: Uint8Array, where: string): Pixels {
  const isPng = bytes.length > colourTypeAt && bytes[0] === 0x89 && bytes[1] === 0x50;
  if (!isPng || bytes[colourTypeAt] !== grey || bytes[depthAt] !== 8)
    throw new EspalierError('invalid-data', isPng ? 'the mask is a PNG in colour, or not of 8 bits' : 'the mask is not a PNG', {
      where,
      fix: 'store grey PNGs of 8 bits whose values are class indices; of a palette its indices',
    });
  return decodeImage(bytes, where);
}

/** Height and width of a decoded mask's image must be its own; each position of the result takes the pixel that its centre lies in. */
export function resizeMask(mask: Pixels, height: number, width: number, region: Region): Uint8Array {
  const resized = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.min(mask.height - 1, Math.floor(region.top + ((y + 0.5) * region.height) / height));
    for (let x = 0; x < width; x++) {
      const column = Math.min(mask.width - 1, Math.floor(region.left + ((x + 0.5) * region.width) / width));
      resized[y * width + x] = mask.data[row * mask.width + column] ?? 0;
    }
  }
  return resized;
}
