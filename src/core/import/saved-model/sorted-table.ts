/** The sorted string table (LevelDB's) that indexes a TensorFlow checkpoint. */
import { EspalierError } from '../../errors.ts';
import { ByteReader } from './byte-reader.ts';

const footerLength = 48;
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** All keys and values, in order. */
export function readSortedTable(bytes: Uint8Array, where: string): ReadonlyMap<string, Uint8Array> {
  const footer = bytes.subarray(Math.max(0, bytes.length - footerLength));
  if (footer.length < footerLength || !magic.every((byte, i) => footer[footerLength - magic.length + i] === byte)) throw damaged(where);
  const handles = new ByteReader(footer, where);
  handles.varint();
  handles.varint();
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of readBlock(bytes, handles.varint(), handles.varint(), where)) {
    const reader = new ByteReader(handle, where);
    for (const [key, value] of readBlock(bytes, reader.varint(), reader.varint(), where)) entries.set(key, value);
  }
  return entries;
}

/** Keys share a prefix with the one before; the restart points at the end only serve searches. */
function readBlock(bytes: Uint8Array, offset: number, length: number, where: string): readonly (readonly [string, Uint8Array])[] {
  if (offset + length + 5 > bytes.length || length < 4) throw damaged(where);
  if (bytes[offset + length] !== 0)
    throw new EspalierError('unsupported-model', 'is compressed with Snappy', {
      where,
      fix: 'save the model again with a current TensorFlow, which does not compress the index',
    });
  const block = bytes.subarray(offset, offset + length);
  const restarts = new DataView(block.buffer, block.byteOffset + length - 4, 4).getUint32(0, true);
  const end = length - 4 - restarts * 4;
  if (end < 0) throw damaged(where);
  const reader = new ByteReader(block.subarray(0, end), where);
  const entries: (readonly [string, Uint8Array])[] = [];
  let key: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const [shared, unshared, size] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.length) throw damaged(where);
    key = Uint8Array.from([...key.subarray(0, shared), ...reader.take(unshared)]);
    entries.push([new TextDecoder().decode(key), reader.take(size)]);
  }
  return entries;
}

function damaged(where: string): EspalierError {
  return new EspalierError('invalid-model', 'is a damaged checkpoint index', { where, fix: 'save or copy the SavedModel again' });
}
