/** The sorted string table (LevelDB's) that indexes a TensorFlow checkpoint. */
import { Allowance, type Budget } from '../../budget.ts';
import { EspalierError } from '../../errors.ts';
import { ByteReader } from './byte-reader.ts';

const footerLength = 48;
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/**
 * What keys may take together: they are stored without what they share with the one before, which for names of tensors is
 * not ten times as much as what is stored.
 */
const keyBytes = (fileBytes: number): number => 16 * fileBytes + 65_536;

/**
 * All keys and values, in order, in time and memory proportional to the file.
 *
 * @param budget of the bytes of all keys, and of those of all blocks; by default as much as the file explains
 */
export function readSortedTable(
  bytes: Uint8Array,
  where: string,
  budget: Pick<Budget, 'bytes'> = { bytes: keyBytes(bytes.length) },
): ReadonlyMap<string, Uint8Array> {
  const footer = bytes.subarray(Math.max(0, bytes.length - footerLength));
  if (footer.length < footerLength || !magic.every((byte, i) => footer[footerLength - magic.length + i] === byte)) throw damaged(where);
  const handles = new ByteReader(footer, where);
  handles.varint();
  handles.varint();
  const allowance = new Allowance(
    { entries: Infinity, nesting: Infinity, ...budget },
    where,
    'invalid-model',
    'save or copy the SavedModel again',
  );
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of readBlock(bytes, handles.varint(), handles.varint(), where, allowance)) {
    const reader = new ByteReader(handle, where);
    for (const [key, value] of readBlock(bytes, reader.varint(), reader.varint(), where, allowance)) entries.set(key, value);
  }
  return entries;
}

/** Keys share a prefix with the one before; the restart points at the end only serve searches. */
function readBlock(
  bytes: Uint8Array,
  offset: number,
  length: number,
  where: string,
  allowance: Allowance,
): readonly (readonly [string, Uint8Array])[] {
  if (offset + length + 5 > bytes.length || length < 4) throw damaged(where);
  if (bytes[offset + length] !== 0)
    throw new EspalierError('unsupported-model', 'is compressed with Snappy', {
      where,
      fix: 'save the model again with a current TensorFlow, which does not compress the index',
    });
  // Two handles may lead to one block.
  allowance.takeBytes(length);
  const block = bytes.subarray(offset, offset + length);
  const restarts = new DataView(block.buffer, block.byteOffset + length - 4, 4).getUint32(0, true);
  const end = length - 4 - restarts * 4;
  if (end < 0) throw damaged(where);
  const reader = new ByteReader(block.subarray(0, end), where);
  const entries: (readonly [string, Uint8Array])[] = [];
  const decoder = new TextDecoder();
  let key: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const [shared, unshared, size] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.length) throw damaged(where);
    allowance.takeBytes(shared + unshared);
    const next = new Uint8Array(shared + unshared);
    next.set(key.subarray(0, shared));
    next.set(reader.take(unshared), shared);
    key = next;
    entries.push([decoder.decode(key), reader.take(size)]);
  }
  return entries;
}

function damaged(where: string): EspalierError {
  return new EspalierError('invalid-model', 'is a damaged checkpoint index', { where, fix: 'save or copy the SavedModel again' });
}
