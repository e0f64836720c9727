/**
 * JPEG by libjpeg-turbo as WebAssembly: the same pixels on every machine, those that PIL and browsers' libjpeg-turbo give. Large
 * photos are decoded by sharp where it is installed, in half of the time; its libjpeg gives the same pixels.
 */
import type { JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { decode as decodeInJavaScript } from 'jpeg-js';
import { checkDimensions, maximumMegapixels } from './check-dimensions.ts';
import { nativeDecoder } from './native-jpeg.ts';
import { convertChannels, type Pixels } from './resize.ts';

const libraryName = 'libjpeg-turbo of @cornerstonejs/codec-libjpeg-turbo-8bit 1.2.8; CMYK: jpeg-js 0.4.4';

/** For fewer pixels sharp takes longer to start than the library to decode them. */
const leastNativePixels = 250_000;

/** What decodes photos of the file's size, for digests of data. */
export async function jpegDecoderOf(bytes: Uint8Array): Promise<string> {
  const native = isLarge(bytes) ? await nativeDecoder() : undefined;
  return native === undefined ? libraryName : `${native.name}; ${libraryName}`;
}

function isLarge(bytes: Uint8Array): boolean {
  try {
    const { height, width } = frameOf(bytes);
    return height * width >= leastNativePixels;
  } catch {
    return false;
  }
}

/** Each scan of a progressive JPEG goes over the whole image, however few bytes it has; encoders write about ten. */
const mostScans = 100;

const startOfScan = Buffer.from([0xff, 0xda]);
const endOfImage = Buffer.from([0xff, 0xd9]);

/** After larger images the library is loaded anew, since WebAssembly's memory does not shrink. */
const largestKeptPixels = 16e6;

/**
 * @returns three channels, not yet turned by the file's orientation
 * @throws Error with the reason
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  const frame = frameOf(bytes);
  checkDimensions(frame.height * frame.width, bytes.length);
  if (countScans(bytes) > mostScans) throw new Error(`it has more than ${mostScans} scans`);
  if (frame.precision !== 8) throw new Error(`it has ${frame.precision} bits a sample, and 8 are read`);
  if (frame.components === 4) return decodeCmyk(bytes);
  const native = frame.height * frame.width >= leastNativePixels ? await nativeDecoder() : undefined;
  // The library says what is wrong with a file.
  const decoded = await native?.decode(bytes).catch(() => undefined);
  return decoded === undefined ? decodeWithLibrary(bytes) : threeChannels(decoded);
}

/** libjpeg converts these to RGB no further than CMYK. */
function decodeCmyk(bytes: Uint8Array): Pixels {
  const { width, height, data } = decodeInJavaScript(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: maximumMegapixels,
    maxMemoryUsageInMB: 1024,
  });
  return { height, width, channels: 3, data };
}

interface Decoder {
  readonly decoder: JPEGDecoder;
  /** What the library has printed. */
  readonly messages: string[];
}

let loaded: Promise<Decoder> | undefined;

async function load(): Promise<Decoder> {
  const { default: loadLibrary } = await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs');
  const messages: string[] = [];
  const library = await loadLibrary({ print: () => undefined, printErr: (text) => messages.push(text) });
  return { decoder: new library.JPEGDecoder(), messages };
}

async function decodeWithLibrary(bytes: Uint8Array): Promise<Pixels> {
  const { decoder, messages } = await (loaded ??= load());
  // From here to the copy nothing waits, so that calls do not mix.
  messages.length = 0;
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, componentCount } = decoder.getFrameInfo();
    const data = decoder.getDecodedBuffer().slice();
    if (data.length !== width * height * componentCount) throw new Error('it was not decoded whole');
    if (width * height > largestKeptPixels) loaded = undefined;
    return threeChannels({ height, width, channels: componentCount, data });
  } catch (cause) {
    // What the library keeps of a failed file is not known.
    loaded = undefined;
    const [message] = messages;
    if (message === undefined && cause instanceof Error) throw cause;
    // Most failures of the library are numbers without a text.
    throw new Error(message ?? (isCutShort(bytes) ? 'the file is cut short' : 'the file is damaged'), { cause });
  }
}

/** No end-of-image marker follows the last start of a scan; a thumbnail, which has both, stands before. */
function isCutShort(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.lastIndexOf(endOfImage) < buffer.lastIndexOf(startOfScan);
}

function threeChannels(image: Pixels): Pixels {
  const converted = convertChannels(image, 3);
  if (converted === undefined) throw new Error(`it has ${image.channels} channels`);
  return converted;
}

interface Frame {
  readonly precision: number;
  readonly height: number;
  readonly width: number;
  readonly components: number;
}

/** From the frame header: segments are a marker 0xff.., a length and data. */
function frameOf(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 10 <= bytes.length;) {
    if (bytes[offset] !== 0xff) throw new Error('a segment does not start where it should');
    const marker = bytes[offset + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return {
        precision: view.getUint8(offset + 4),
        height: view.getUint16(offset + 5),
        width: view.getUint16(offset + 7),
        components: view.getUint8(offset + 9),
      };
    // A fill byte before a marker.
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
  throw new Error('it has no frame');
}

function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let offset = bytes.indexOf(0xff); offset >= 0; offset = bytes.indexOf(0xff, offset + 1)) if (bytes[offset + 1] === 0xda) scans++;
  return scans;
}
