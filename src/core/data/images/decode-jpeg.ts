/**
 * JPEG by libjpeg-turbo as WebAssembly: the same pixels on every machine, those that PIL and browsers' libjpeg-turbo give. Large
 * photos are decoded by sharp where it is installed, in half of the time; its libjpeg gives the same pixels.
 */
import type { JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { decode as decodeInJavaScript } from 'jpeg-js';
import { checkDimensions, maximumMegapixels } from './check-dimensions.ts';
import { countScans, frameOf, isCutShort, withKnownVersion } from './jpeg-header.ts';
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

/** JavaScript takes about 30 bytes a pixel for these, so more would take gigabytes. */
const mostCmykMegapixels = 50;

/** After larger images the library is loaded anew, since WebAssembly's memory does not shrink. */
const largestKeptPixels = 16e6;

/**
 * @returns three channels, not yet turned by the file's orientation
 * @throws Error with the reason
 */
export async function decodeJpeg(file: Uint8Array): Promise<Pixels> {
  const frame = frameOf(file);
  checkDimensions(frame.height * frame.width, file.length);
  const bytes = withKnownVersion(file);
  if (countScans(bytes) > mostScans) throw new Error(`it has more than ${mostScans} scans`);
  if (frame.precision !== 8) throw new Error(`it has ${frame.precision} bits a sample, and 8 are read`);
  if (frame.components === 4) return decodeCmyk(bytes, (frame.height * frame.width) / 1e6);
  const native = frame.height * frame.width >= leastNativePixels ? await nativeDecoder() : undefined;
  // The library says what is wrong with a file.
  const decoded = await native?.decode(bytes).catch(() => undefined);
  return decoded === undefined ? decodeWithLibrary(bytes) : threeChannels(decoded);
}

/** libjpeg converts these to RGB no further than CMYK. */
function decodeCmyk(bytes: Uint8Array, megapixels: number): Pixels {
  if (megapixels > mostCmykMegapixels)
    throw new Error(`it has ${Math.round(megapixels)} megapixels in CMYK, more than ${mostCmykMegapixels}`);
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

function threeChannels(image: Pixels): Pixels {
  const converted = convertChannels(image, 3);
  if (converted === undefined) throw new Error(`it has ${image.channels} channels`);
  return converted;
}
