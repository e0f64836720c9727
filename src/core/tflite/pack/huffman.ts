import { BitWriter } from './bit-writer.ts';
import { canonicalCode, codedBits, codeLengths, histogramOf, type CodeWord, type Histogram } from './huffman-code.ts';
import { decodingTables, type TableEntry } from './huffman-tables.ts';
import type { PackableTensor } from './packable-tensor.ts';
import { ancillaryData, type EncodedTensor, type PackScheme } from './scheme.ts';

/** Short code words for what occurs often. */
export const huffmanScheme: PackScheme = {
  name: 'huffman',
  encode: (tensor) => encodeWith(huffmanCode(histogramOf(tensor.values), tensor.type), tensor),
};

/** A prefix code with the tables that decode it, which several tensors may share. */
export interface HuffmanCode {
  readonly words: ReadonlyMap<number, CodeWord>;
  readonly ancillary: Uint8Array;
}

/** The code of a histogram with its decoding tables: 16-bit entries for int8, 32-bit entries for int16. */
export function huffmanCode(counts: Histogram, type: 'int8' | 'int16'): HuffmanCode {
  const words = canonicalCode(codeLengths(counts));
  const { firstBits, entries } = decodingTables(words);
  // Entries of 16 bits hold 8-bit symbols alone, and distances below 2,048: 256 symbols take at most 510 entries.
  const is32Bit = type === 'int16';
  return {
    words,
    ancillary: ancillaryData('huffman', [((firstBits - 1) << 4) | (is32Bit ? 1 : 0), 0], is32Bit ? words32(entries) : words16(entries)),
  };
}

/**
 * The tensor in a code that has a word for each of its values. Code words follow each other in big-endian 32-bit words;
 * one word more follows, which the decoder reads ahead.
 */
export function encodeWith({ words, ancillary }: HuffmanCode, { values }: PackableTensor): EncodedTensor {
  const lengths = new Map([...words].map(([symbol, { length }]) => [symbol, length] as const));
  const counts = histogramOf(values);
  const bits = codedBits(counts, lengths);
  const coded = new BitWriter(bits + 32, 4);
  for (const value of values) {
    const word = words.get(value);
    if (word === undefined) throw new RangeError(`the code has no word for ${value}`);
    coded.write(word.bits, word.length);
  }
  return {
    scheme: 'huffman',
    details: `${counts.size} values, ${(bits / values.length).toFixed(2)} bits each`,
    encoded: coded.bytes,
    ancillary,
  };
}

function words16(entries: readonly TableEntry[]): Uint8Array {
  const bytes = new Uint8Array(2 * entries.length);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => {
    const word = entry.kind === 'symbol' ? 0x8000 | (entry.bits << 11) | (entry.symbol & 0xff) : ((entry.bits - 1) << 11) | entry.distance;
    view.setUint16(2 * i, word, true);
  });
  return bytes;
}

function words32(entries: readonly TableEntry[]): Uint8Array {
  const bytes = new Uint8Array(4 * entries.length);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => {
    const word =
      entry.kind === 'symbol' ? 0x80000000 | (entry.bits << 27) | (entry.symbol & 0xffff) : ((entry.bits - 1) << 27) | entry.distance;
    view.setUint32(4 * i, word >>> 0, true);
  });
  return bytes;
}
