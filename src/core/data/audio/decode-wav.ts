import { EspalierError } from '../../errors.ts';

export interface Recording {
  readonly sampleRate: number;
  /** Mean of the channels, -1..1. */
  readonly samples: Float32Array;
}

/**
 * A WAV file of PCM (8, 16, 24 or 32 bits) or float samples (32 or 64). Integers are divided by their largest magnitude,
 * as TensorFlow's `decode_wav` divides 16 bits by 32,768.
 */
export function decodeWav(bytes: Uint8Array, where: string): Recording {
  try {
    const { format, start, size } = findData(bytes);
    const { channels, sampleRate } = format;
    const frame = format.bytes * channels;
    const length = Math.floor(size / frame);
    if (length === 0) throw new Error('it holds no samples');
    const read = sampleReader(format, new DataView(bytes.buffer, bytes.byteOffset + start, size));
    const samples = Float32Array.from({ length }, (_, index) => {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += read(index * frame + channel * format.bytes);
      return sum / channels;
    });
    return { sampleRate, samples };
  } catch (error) {
    throw new EspalierError('invalid-data', `the recording cannot be decoded (${error instanceof Error ? error.message : String(error)})`, {
      where,
      fix: 'replace or remove the file, or set "unreadable": "skip"',
      cause: error,
    });
  }
}

interface Format {
  readonly channels: number;
  readonly sampleRate: number;
  /** Of one sample of one channel. */
  readonly bytes: number;
  readonly isFloat: boolean;
}

const pcm = 1;
const float = 3;
/** The sample format is in the extension of the header. */
const extensible = 0xfffe;

/** Written as the length by programs that do not know it in advance. */
const unknownSize = 0xffffffff;

function findData(bytes: Uint8Array): { readonly format: Format; readonly start: number; readonly size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (offset: number): string => String.fromCharCode(...bytes.subarray(offset, offset + 4));
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw new Error('it does not start with RIFF and WAVE');
  let format: Format | undefined;
  for (let offset = 12; offset + 8 <= bytes.length;) {
    const start = offset + 8;
    const written = view.getUint32(offset + 4, true);
    const size = written === unknownSize && tag(offset) === 'data' ? bytes.length - start : written;
    if (start + size > bytes.length) throw new Error(`its ${JSON.stringify(tag(offset))} chunk ends after the file: it is cut short`);
    if (tag(offset) === 'fmt ' && size >= 16) format = readFormat(view, start, size);
    if (tag(offset) === 'data') {
      if (format === undefined) throw new Error('its data come before their format');
      return { format, start, size };
    }
    offset = start + size + (size % 2);
  }
  throw new Error('it has no data chunk');
}

function readFormat(view: DataView, start: number, size: number): Format {
  const written = view.getUint16(start, true);
  const code = written === extensible && size >= 26 ? view.getUint16(start + 24, true) : written;
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  if (code !== pcm && code !== float) throw new Error(`its samples are compressed (format ${code}); only PCM and float are read`);
  if (channels < 1 || channels > 64) throw new Error(`it has ${channels} channels`);
  if (sampleRate < 1000 || sampleRate > 768_000) throw new Error(`its sample rate is ${sampleRate}`);
  const known = code === float ? [32, 64] : [8, 16, 24, 32];
  if (!known.includes(bits))
    throw new Error(`its ${code === float ? 'float ' : ''}samples have ${bits} bits; ${known.join(', ')} are read`);
  return { channels, sampleRate, bytes: bits / 8, isFloat: code === float };
}

function sampleReader({ bytes, isFloat }: Format, data: DataView): (offset: number) => number {
  if (isFloat) return bytes === 4 ? (offset) => data.getFloat32(offset, true) : (offset) => data.getFloat64(offset, true);
  switch (bytes) {
    case 1:
      // The only unsigned ones.
      return (offset) => (data.getUint8(offset) - 128) / 2 ** 7;
    case 2:
      return (offset) => data.getInt16(offset, true) / 2 ** 15;
    case 3:
      return (offset) => (data.getInt16(offset + 1, true) * 256 + data.getUint8(offset)) / 2 ** 23;
    default:
      return (offset) => data.getInt32(offset, true) / 2 ** 31;
  }
}
