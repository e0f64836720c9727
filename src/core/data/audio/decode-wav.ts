import wavefile from 'wavefile';
import { EspalierError } from '../../errors.ts';

export interface Recording {
  readonly sampleRate: number;
  /** Mean of the channels, -1..1. */
  readonly samples: Float32Array;
}

/** A WAV file of PCM (8 to 32 bits) or float samples. */
export function decodeWav(bytes: Uint8Array, where: string): Recording {
  try {
    const layout = findChunks(bytes);
    const wave = new wavefile.WaveFile(bytes);
    wave.toBitDepth('32f', false);
    const channels: readonly ArrayLike<number>[] =
      layout.channels === 1 ? [wave.getSamples(true, Float64Array)] : deinterleave(wave.getSamples(true, Float64Array), layout.channels);
    const length = channels[0]?.length ?? 0;
    if (length === 0) throw new Error('it holds no samples');
    const samples = Float32Array.from(
      { length },
      (_, index) => channels.reduce((sum, channel) => sum + (channel[index] ?? 0), 0) / channels.length,
    );
    return { sampleRate: layout.sampleRate, samples };
  } catch (error) {
    throw new EspalierError('invalid-data', `the recording cannot be decoded (${error instanceof Error ? error.message : String(error)})`, {
      where,
      fix: 'replace or remove the file, or set "unreadable": "skip"',
      cause: error,
    });
  }
}

function deinterleave(samples: ArrayLike<number>, channels: number): readonly Float64Array[] {
  return Array.from({ length: channels }, (_, channel) =>
    Float64Array.from({ length: Math.floor(samples.length / channels) }, (_, index) => samples[index * channels + channel] ?? 0),
  );
}

interface Layout {
  readonly channels: number;
  readonly sampleRate: number;
}

/** Checks what the decoder takes on trust: that the chunks lie within the file, and a format that makes sense. */
function findChunks(bytes: Uint8Array): Layout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (offset: number): string => String.fromCharCode(...bytes.subarray(offset, offset + 4));
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') throw new Error('it does not start with RIFF and WAVE');
  let layout: Layout | undefined;
  for (let offset = 12; offset + 8 <= bytes.length;) {
    const size = view.getUint32(offset + 4, true);
    if (offset + 8 + size > bytes.length) throw new Error(`its ${JSON.stringify(tag(offset))} chunk ends after the file: it is cut short`);
    if (tag(offset) === 'fmt ' && size >= 16) layout = readFormat(view, offset + 8);
    if (tag(offset) === 'data') {
      if (layout === undefined) throw new Error('its data come before their format');
      return layout;
    }
    offset += 8 + size + (size % 2);
  }
  throw new Error('it has no data chunk');
}

function readFormat(view: DataView, offset: number): Layout {
  const code = view.getUint16(offset, true);
  const channels = view.getUint16(offset + 2, true);
  const sampleRate = view.getUint32(offset + 4, true);
  const bits = view.getUint16(offset + 14, true);
  if (code !== 1 && code !== 3 && code !== 0xfffe)
    throw new Error(`its samples are compressed (format ${code}); only PCM and float are read`);
  if (channels < 1 || channels > 64) throw new Error(`it has ${channels} channels`);
  if (sampleRate < 1000 || sampleRate > 768_000) throw new Error(`its sample rate is ${sampleRate}`);
  if (![8, 16, 24, 32, 64].includes(bits)) throw new Error(`its samples have ${bits} bits`);
  return { channels, sampleRate };
}
