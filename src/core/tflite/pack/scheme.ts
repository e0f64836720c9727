import type { PackableTensor } from './packable-tensor.ts';

/** How a kernel is encoded: indices into a table of its values, a mask with the other values, or Huffman codes. */
export type SchemeName = 'lut' | 'prune' | 'huffman';

/** A tensor in the form that the operator TFLM_DECODE reads. */
export interface EncodedTensor {
  readonly scheme: SchemeName;
  /** Description for the user: `4-bit indices`. */
  readonly details: string;
  readonly encoded: Uint8Array;
  /** A header of 16 bytes, then the tables of the scheme. */
  readonly ancillary: Uint8Array;
}

/** A way to store a constant tensor in fewer bytes. */
export interface PackScheme {
  readonly name: SchemeName;
  /** Undefined where the tensor doesn't fit the scheme. */
  encode(tensor: PackableTensor): EncodedTensor | undefined;
}

/** Byte 0 of the ancillary data. */
export const schemeCodes: Readonly<Record<SchemeName, number>> = { lut: 0, huffman: 1, prune: 2 };

const headerBytes = 16;
const version = 1;

/**
 * The ancillary data of a tensor: scheme and versions, up to two bytes of parameters, then the tables.
 * Layout: TFLite Micro, `kernels/decode_state*.h`.
 */
export function ancillaryData(scheme: SchemeName, parameters: readonly [number, number], tables: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + tables.length);
  bytes.set([schemeCodes[scheme], version, 0, 0, version, ...parameters]);
  bytes.set(tables, headerBytes);
  return bytes;
}
