import type { StoredForm } from '../../../shared/recipe/clustering-options.ts';
import { codedBits, codeLengths } from '../../tflite/pack/huffman-code.ts';
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
