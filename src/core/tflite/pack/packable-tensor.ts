import type { TfliteTensor } from '../tflite-model.ts';

/** Integers of a constant tensor as the encoders of `schemes.ts` take them. */
export interface PackableTensor {
  readonly type: 'int8' | 'int16';
  /** Row-major. */
  readonly values: Int8Array | Int16Array;
  /** Scales of its quantization: 1 where it is per tensor. */
  readonly channels: number;
  /** Where channels lie: one run of elements each (`first` dimension), element by element (`last`), or in the middle. */
  readonly channelDimension: 'first' | 'last' | 'other';
  /** As many as `channels`. */
  readonly zeroPoints: readonly number[];
}

/** Undefined for what no scheme packs: computed, sparse or empty tensors, types other than int8 and int16, no quantization. */
export function packableTensor({ type, data, shape, sparsity, quantization }: TfliteTensor): PackableTensor | undefined {
  if ((type !== 'int8' && type !== 'int16') || data === undefined || data.length === 0) return undefined;
  if (sparsity !== undefined || quantization === undefined) return undefined;
  const channels = quantization.scales.length;
  return {
    type,
    values: integers(type, data),
    channels,
    channelDimension: channels === 1 || quantization.axis === 0 ? 'first' : quantization.axis === shape.length - 1 ? 'last' : 'other',
    zeroPoints: quantization.zeroPoints,
  };
}

function integers(type: 'int8' | 'int16', data: Uint8Array): Int8Array | Int16Array {
  if (type === 'int8') return new Int8Array(data.buffer, data.byteOffset, data.length);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Int16Array.from({ length: data.length / 2 }, (_, i) => view.getInt16(2 * i, true));
}

/** The channel of each element, row-major. */
export function channelOfElement({ values, channels, channelDimension }: PackableTensor): (index: number) => number {
  if (channels === 1) return () => 0;
  if (channelDimension === 'last') return (index) => index % channels;
  const run = values.length / channels;
  return (index) => Math.floor(index / run);
}

/** Little-endian bytes of integers of the tensor's type. */
export function integerBytes(type: 'int8' | 'int16', values: readonly number[]): Uint8Array {
  if (type === 'int8') return new Uint8Array(Int8Array.from(values).buffer);
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setInt16(2 * i, value, true));
  return bytes;
}
