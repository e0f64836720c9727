/** PNGs by pngjs, with bounds on what they unpack to. */
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { checkDimensions } from './check-dimensions.ts';
import type { Pixels } from './resize.ts';

/** 100 megapixels in 8 bits with transparency; unpacking takes about five times as much. */
const mostUnpackedBytes = 400e6;

/** For digests of what is kept of PNGs. */
export const pngDecoder = 'pngjs 7.0.0';

const channelsOfColourType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly height: number;
  readonly width: number;
  readonly colourType: number;
  readonly bitsPerPixel: number;
  readonly isInterlaced: boolean;
}

/** @throws Error where the header is not whole */
export function pngSize(bytes: Uint8Array): Pick<Header, 'height' | 'width'> {
  return headerOf(bytes);
}

/**
 * One channel when it is grey, else three; transparency is dropped, 16 bits become 8.
 *
 * @throws Error with the reason
 */
export function pngPixels(bytes: Uint8Array): Pixels {
  const header = headerOf(bytes);
  checkDimensions(header.height * header.width, bytes.length);
  checkUnpacked(bytes, header);
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const channels = header.colourType === 0 || header.colourType === 4 ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) pixels[i * channels + c] = data[i * 4 + c] ?? 0;
  }
  return { height, width, channels, data: pixels };
}

function headerOf(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new Error('the file is cut short');
  const colourType = view.getUint8(25);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    colourType,
    bitsPerPixel: view.getUint8(24) * (channelsOfColourType[colourType] ?? 1),
    isInterlaced: view.getUint8(28) === 1,
  };
}

/** The decoder keeps to the size that the header promises, except for a second header and for interlaced images. */
function checkUnpacked(bytes: Uint8Array, header: Header): void {
  const unpacked = header.isInterlaced ? interlacedBytes(header) : rowsOf(header.height, header.width, header);
  const megabytes = Math.round(unpacked / 1e6);
  if (unpacked > mostUnpackedBytes) throw new Error(`it takes ${megabytes} MB unpacked, more than ${mostUnpackedBytes / 1e6}`);
  const pixelData: Uint8Array[] = [];
  for (const { type, data } of chunksBehindHeader(bytes)) {
    if (type === 'IHDR') throw new Error('it has two headers');
    if (type === 'IDAT') pixelData.push(data);
  }
  if (!header.isInterlaced) return;
  try {
    inflateSync(Buffer.concat(pixelData), { maxOutputLength: unpacked });
  } catch (error) {
    const isTooLong = error instanceof RangeError;
    // Other damage is named by the decoder.
    if (isTooLong) throw new Error('it unpacks to more than its header says', { cause: error });
  }
}

function* chunksBehindHeader(bytes: Uint8Array): Generator<{ readonly type: string; readonly data: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 33; offset + 8 <= bytes.length; offset += 12 + view.getUint32(offset)) {
    const start = offset + 8;
    yield { type: String.fromCharCode(...bytes.subarray(offset + 4, start)), data: bytes.subarray(start, start + view.getUint32(offset)) };
  }
}

/** A byte that names the filter stands before each row. */
function rowsOf(height: number, width: number, { bitsPerPixel }: Header): number {
  return height === 0 || width === 0 ? 0 : height * (Math.ceil((width * bitsPerPixel) / 8) + 1);
}

/** Of the passes of Adam7: first column and row, and how far the next ones are. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function interlacedBytes(header: Header): number {
  return passes.reduce((sum, [left, top, across, down]) => {
    const rows = Math.ceil(Math.max(0, header.height - top) / down);
    return sum + rowsOf(rows, Math.ceil(Math.max(0, header.width - left) / across), header);
  }, 0);
}
