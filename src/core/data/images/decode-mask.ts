import { crc32 } from 'node:zlib';
import { EspalierError } from '../../errors.ts';
import type { Movement } from '../preprocessing/pipeline.ts';
import { decodePng } from './decode-image.ts';
import type { Pixels, Region } from './resize.ts';

/** Bits and colour type of a PNG. */
const depthAt = 24;
const colourTypeAt = 25;
const grey = 0;
const palette = 3;

/**
 * A mask: a PNG, grey with 8 bits or with a palette, whose values or indices are classes.
 *
 * @throws EspalierError `invalid-data` that names the file
 */
export function decodeMask(bytes: Uint8Array, where: string): Pixels {
  const isPng = bytes.length > colourTypeAt && bytes[0] === 0x89 && bytes[1] === 0x50;
  if (isPng && bytes[colourTypeAt] === palette) return firstChannel(decodePng(withGreyPalette(bytes), where));
  if (!isPng || bytes[colourTypeAt] !== grey || bytes[depthAt] !== 8)
    throw new EspalierError('invalid-data', isPng ? 'the mask is a PNG in colour, or not of 8 bits' : 'the mask is not a PNG', {
      where,
      fix: 'store PNGs, grey with 8 bits or with a palette, whose values or indices are classes',
    });
  return decodePng(bytes, where);
}

/** The file with a palette whose colour `i` is the grey `i`, and all opaque, so that what is decoded are the indices. */
function withGreyPalette(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (let offset = 8; offset + 8 <= bytes.length;) {
    const end = offset + 12 + view.getUint32(offset);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (type === 'PLTE') parts.push(greyPalette);
    else if (type !== 'tRNS') parts.push(bytes.subarray(offset, end));
    offset = end;
  }
  return Buffer.concat(parts);
}

const greyPalette = chunk(
  'PLTE',
  Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3)),
);

function chunk(type: string, data: Uint8Array): Uint8Array {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(content.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(content, 4);
  whole.writeUInt32BE(crc32(content), content.length + 4);
  return whole;
}

function firstChannel({ height, width, channels, data }: Pixels): Pixels {
  return { height, width, channels: 1, data: Uint8Array.from({ length: height * width }, (_, i) => data[i * channels] ?? 0) };
}

/** No class: less than any, so that it is none however many there are. */
const uncovered = -1;

/**
 * A mask that follows its image. Positions that the image has left count for no class; those of a mask smaller than the image
 * take the position that their centre comes from.
 *
 * @param mask `[height, width]` of the model's output, in the proportions of the image
 * @param image height and width that the movement is of
 */
export function moveMask(mask: Int32Array, image: readonly [number, number], { flip, down, right }: Movement): Int32Array {
  const [imageHeight, imageWidth] = image;
  const factor = Math.sqrt((imageHeight * imageWidth) / mask.length);
  const [height, width] = [Math.round(imageHeight / factor), Math.round(imageWidth / factor)];
  if (height * width !== mask.length) throw new RangeError(`${mask.length} positions of an image ${imageHeight}x${imageWidth}`);
  const moved = new Int32Array(mask.length).fill(uncovered);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * factor - down) / factor);
    if (row < 0 || row >= height) continue;
    for (let x = 0; x < width; x++) {
      const column = Math.floor(((x + 0.5) * factor - right) / factor);
      if (column < 0 || column >= width) continue;
      moved[y * width + x] = mask[row * width + (flip ? width - 1 - column : column)] ?? uncovered;
    }
  }
  return moved;
}

/** Whether a mask has the proportions of its image, so that it can follow it. */
export function followsImage(positions: number, [height, width]: readonly [number, number]): boolean {
  const factor = Math.sqrt((height * width) / positions);
  const sides = [height / factor, width / factor];
  return sides.every((side) => Math.abs(side - Math.round(side)) < 1e-9);
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
