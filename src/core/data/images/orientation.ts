/** How a camera was held: EXIF's orientation, which viewers, browsers and PIL's `exif_transpose` turn images by. */
import type { Pixels } from './resize.ts';

/** Of EXIF 2.32, table 6: 1 is upright; 2 to 4 keep height and width, 5 to 8 swap them. */
const upright = 1;
const orientationTag = 0x0112;
const shortType = 3;

/** @returns 1 to 8; 1 where the file states none, or none that makes sense */
export function orientationOf(bytes: Uint8Array): number {
  const exif = bytes[0] === 0xff ? exifOfJpeg(bytes) : exifOfPng(bytes);
  return exif === undefined ? upright : orientationOfTiff(exif);
}

/** The first APP1 segment with EXIF, before the first scan. */
function exifOfJpeg(bytes: Uint8Array): DataView | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 4 <= bytes.length && bytes[offset] === 0xff;) {
    const marker = bytes[offset + 1] ?? 0;
    if (marker === 0xff) {
      offset++;
      continue;
    }
    if (marker === 0xda) return undefined;
    const length = view.getUint16(offset + 2);
    if (marker === 0xe1 && textAt(bytes, offset + 4, 6) === 'Exif\0\0') return part(view, offset + 10, length - 8);
    offset += 2 + length;
  }
  return undefined;
}

/** The chunk eXIf, in front of the pixels or behind them. */
function exifOfPng(bytes: Uint8Array): DataView | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 8; offset + 8 <= bytes.length; offset += 12 + view.getUint32(offset))
    if (textAt(bytes, offset + 4, 4) === 'eXIf') return part(view, offset + 8, view.getUint32(offset));
  return undefined;
}

function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

function part(view: DataView, offset: number, length: number): DataView | undefined {
  const size = Math.min(length, view.byteLength - offset);
  return size < 8 ? undefined : new DataView(view.buffer, view.byteOffset + offset, size);
}

/** A TIFF header, and a directory of entries of 12 bytes: tag, type, count, value. */
function orientationOfTiff(tiff: DataView): number {
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return upright;
  const entries = tiff.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.byteLength) return upright;
    if (tiff.getUint16(entry, little) !== orientationTag || tiff.getUint16(entry + 2, little) !== shortType) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : upright;
  }
  return upright;
}

/** Whether an image of this orientation is seen with height and width exchanged. */
export function swapsSides(orientation: number): boolean {
  return orientation >= 5;
}

/** An image as it is to be seen. */
export function turnUpright(image: Pixels, orientation: number): Pixels {
  if (orientation === upright) return image;
  const { height, width, channels, data } = image;
  const swaps = swapsSides(orientation);
  const [turnedHeight, turnedWidth] = swaps ? [width, height] : [height, width];
  const turned = new Uint8Array(data.length);
  // Which way the stored rows and columns run in the image as it is seen.
  const flipsRows = [3, 4, 6, 7].includes(orientation);
  const flipsColumns = [2, 3, 7, 8].includes(orientation);
  const toNextRow = (flipsRows ? -width : width) * channels;
  const toNextColumn = flipsColumns ? -channels : channels;
  const first = ((flipsRows ? (height - 1) * width : 0) + (flipsColumns ? width - 1 : 0)) * channels;
  const [down, across] = swaps ? [toNextColumn, toNextRow] : [toNextRow, toNextColumn];
  let to = 0;
  for (let y = 0; y < turnedHeight; y++) {
    for (let x = 0; x < turnedWidth; x++) {
      const from = first + y * down + x * across;
      for (let c = 0; c < channels; c++) turned[to++] = data[from + c] ?? 0;
    }
  }
  return { height: turnedHeight, width: turnedWidth, channels, data: turned };
}
