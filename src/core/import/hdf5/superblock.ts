/** Where the superblock keeps the file's length, by its version; all with 8-byte addresses, as every writer uses. */
const lengthOffsets: readonly (number | undefined)[] = [40, 44, 28, 28];

/** The length that an HDF5 file states for itself in bytes; undefined where it does not start with a superblock that is known. */
export function statedLength(bytes: Uint8Array): number | undefined {
  const offset = lengthOffsets[bytes[8] ?? -1];
  if (offset === undefined || bytes[0] !== 0x89 || bytes.length < offset + 8) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
  return length <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(length) : undefined;
}
