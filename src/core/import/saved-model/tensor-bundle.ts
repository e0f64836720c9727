/** A TensorFlow checkpoint: an index of tensors, and shards that hold their bytes. */
import { join } from 'node:path';
import { EspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import type { Shape } from '../../network/network.ts';
import { elementCount } from '../../network/shapes/shape.ts';
import { decode } from '../../protobuf/message.ts';
import { fileAccessError } from '../file-errors.ts';
import { ByteReader } from './byte-reader.ts';
import { bundleEntry, bundleHeader } from './messages.ts';
import { readSortedTable } from './sorted-table.ts';

export interface TensorBundle {
  shape(key: string): Shape | undefined;
  floats(key: string): Float32Array;
  /** The only element of a string tensor. */
  string(key: string): Uint8Array | undefined;
}

interface Entry {
  readonly type: number;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** Of TensorFlow's DataType. */
const types = { float: 1, double: 2, string: 7 };

export async function openTensorBundle(folder: string): Promise<TensorBundle> {
  const read = async (name: string): Promise<Uint8Array> => {
    const path = join(folder, name);
    try {
      return await readRegularFile(path);
    } catch (cause) {
      throw fileAccessError(cause, path);
    }
  };
  const where = 'variables.index';
  const index = readSortedTable(await read(where), where);
  const shardCount = decode(bundleHeader, index.get('') ?? new Uint8Array(), where).shards || 1;
  if (!(shardCount > 0 && shardCount <= 1024))
    throw new EspalierError('invalid-model', `names ${shardCount} shards`, { where, fix: 'save or copy the SavedModel again' });
  const name = (shard: number): string => `variables.data-${String(shard).padStart(5, '0')}-of-${String(shardCount).padStart(5, '0')}`;
  const shards = await Promise.all(Array.from({ length: shardCount }, (_, shard) => read(name(shard))));

  const entry = (key: string): Entry | undefined => {
    const stored = index.get(key);
    if (stored === undefined) return undefined;
    const { type, shape, shard, offset, size } = decode(bundleEntry, stored, where);
    const bytes = shards[shard];
    if (bytes === undefined || offset < 0 || size < 0 || offset + size > bytes.length)
      throw new EspalierError('invalid-model', `"${key}" lies outside of its shard`, {
        where: name(shard),
        fix: 'the shard is truncated: copy the SavedModel again',
      });
    return { type, shape: shape?.dimensions.map((dimension) => dimension.size) ?? [], bytes: bytes.subarray(offset, offset + size) };
  };
  return {
    shape: (key) => entry(key)?.shape,
    floats: (key) => {
      const found = entry(key);
      const width = found?.type === types.double ? 8 : 4;
      if (
        found === undefined ||
        (found.type !== types.float && found.type !== types.double) ||
        found.bytes.length !== elementCount(found.shape) * width
      ) {
        throw new EspalierError('invalid-model', 'is missing or not stored as float32', { where: `weight "${key}"` });
      }
      const view = new DataView(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
      return Float32Array.from({ length: elementCount(found.shape) }, (_, i) =>
        width === 8 ? view.getFloat64(i * 8, true) : view.getFloat32(i * 4, true),
      );
    },
    string: (key) => {
      const found = entry(key);
      if (found?.type !== types.string) return undefined;
      const reader = new ByteReader(found.bytes, where);
      const length = reader.varint();
      // The checksum of the lengths.
      reader.take(4);
      return reader.take(length);
    },
  };
}
