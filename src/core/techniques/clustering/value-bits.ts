import type { StoredForm } from '../../../shared/recipe/clustering-options.ts';
import { codedBits, codeLengths } from '../../tflite/pack/huffman-code.ts';
import { bitWidth } from '../../hardware/ethos-u/weight-palette.ts';
import { ethosValueBits } from '../../hardware/ethos-u/value-bits.ts';

/**
 * Bits that a member of each value takes.
 *
 * @param members how many weights have each value
 * @param zero index of the value zero; -1 without one
 */
export type ValueBits = (members: readonly number[], zero: number) => readonly number[];

/** How many bits values take in each form that kernels are stored in. A value without members counts as one with a member, so that its bits are finite. */
export const valueBits: Readonly<Record<StoredForm, ValueBits>> = {
  /** An ideal entropy code. */
  gzip: (members) => {
    const total = members.reduce((sum, count) => sum + count, 0);
    return members.map((count) => -Math.log2(Math.max(count, 1) / total));
  },
  packed: packedValueBits,
  'ethos-u': ethosValueBits,
};

/** What kernels take whose values are the integers -M to M. */
export interface EvenForm {
  readonly valueBits: ValueBits;
  /** Of tables and palettes, for so many values of which the largest is M. */
  readonly sideBits: (values: number, largest: number) => number;
}

/** Bits of the ancillary data of a packed kernel: header, tensor and buffer. */
const ancillaryBits = 8 * (16 + 28 + 16);
/** Kernels that have the same values share a table; how many will is not known when one is clustered. */
const sharingKernels = 4;
const paletteHeaderBits = 13;

export const evenForms: Readonly<Record<Exclude<StoredForm, 'gzip'>, EvenForm>> = {
  packed: {
    valueBits: (members) => {
      const lengths = codeLengths(new Map(members.map((count, value) => [value, Math.max(count, 1)])));
      return members.map((_, value) => lengths.get(value) ?? 0);
    },
    sideBits: (values) => (ancillaryBits + values * tableBitsPerValue) / sharingKernels,
  },
  'ethos-u': { valueBits: ethosValueBits, sideBits: (values, largest) => paletteHeaderBits + values * bitWidth(2 * largest + 1) },
};

/** Of a kernel whose values are no others’: its own table, or a palette of weights of 8 bits. Bits for each value of a table are part of `valueBits`. */
export const ownSideBits: Readonly<Record<Exclude<StoredForm, 'gzip'>, (values: number) => number>> = {
  packed: () => ancillaryBits,
  'ethos-u': (values) => paletteHeaderBits + values * 8,
};

/** A symbol takes about one and a half entries of 16 bits in the tables that decode a Huffman code. */
const tableBitsPerValue = 24;

/**
 * Words of a Huffman code, whole bits, and each value's part of the tables that decode it; indices of one width where these
 * are shorter.
 */
function packedValueBits(members: readonly number[]): readonly number[] {
  const counts = new Map(members.map((count, value) => [value, Math.max(count, 1)]));
  const lengths = codeLengths(counts);
  const used = members.filter((count) => count > 0).length;
  const total = members.reduce((sum, count) => sum + count, 0);
  const width = Math.max(1, Math.ceil(Math.log2(used)));
  if (total * width + used * 8 < codedBits(counts, lengths) + used * tableBitsPerValue)
    return members.map((count) => width + 8 / Math.max(count, 1));
  return members.map((count, value) => (lengths.get(value) ?? 0) + tableBitsPerValue / Math.max(count, 1));
}
