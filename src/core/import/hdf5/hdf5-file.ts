/** HDF5 files, read whole into memory, behind the few calls that the importers need. */
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import type { Hdf5DatasetContent, Hdf5GroupContent, Hdf5Node } from './hdf5-messages.ts';
import { DamagedFile, readInThread } from './hdf5-thread.ts';
import { readPlainHdf5 } from './plain-hdf5.ts';

export interface Hdf5Group {
  /** Names of members, in the file's order. */
  members(): readonly string[];
  group(path: string): Hdf5Group | undefined;
  dataset(path: string): Hdf5Dataset | undefined;
  text(attribute: string): string | undefined;
  texts(attribute: string): readonly string[] | undefined;
}

export interface Hdf5Dataset {
  readonly shape: Shape;
  read(): Float32Array;
}

export interface ReadOptions {
  /** The members of the root that are read. */
  readonly groups: readonly string[];
  /**
   * After so many seconds of the processor without any work done the library is taken to be in an endless loop; default: as
   * the content takes that the file may have.
   */
  readonly endlessSeconds?: number;
}

/** Deflate reaches about 1000:1; datasets that claim more than that of their file are damaged. */
const largestExpansion = 1100;
const largestContent = 2 ** 31;
/** Memory of the library itself. */
const libraryBytes = 2 ** 27;
/** Of one call of the library, beside the content that it unpacks: calls take milliseconds. */
const callSeconds = 3;
/** A slow processor unpacks several times as much. */
const unpackedBytesPerSecond = 2 ** 25;

/** Reads the file. Errors of the library become `invalid-model` errors, since they depend on the bytes alone. */
export async function readHdf5(bytes: Uint8Array, where: string, { groups, endlessSeconds }: ReadOptions): Promise<Hdf5Group> {
  const stated = statedLength(bytes);
  if (stated !== undefined && stated > bytes.length) {
    throw new EspalierError('invalid-model', `is truncated: it should have ${stated} bytes and has ${bytes.length}`, {
      where,
      fix: 'save or download the model again',
    });
  }
  const plain = readPlainHdf5(bytes, groups);
  if (plain !== undefined) return wrapGroup(plain, where);
  const contentBytes = Math.min(bytes.length * largestExpansion, largestContent);
  try {
    return wrapGroup(
      await readInThread(
        { bytes, groups, contentBytes, memoryBytes: libraryBytes + 2 * bytes.length + contentBytes },
        endlessSeconds ?? callSeconds + contentBytes / unpackedBytesPerSecond,
      ),
      where,
    );
  } catch (cause) {
    if (!(cause instanceof DamagedFile)) throw cause;
    throw new EspalierError('invalid-model', `is a damaged HDF5 file (${cause.message})`, {
      where,
      cause,
      fix: 'save or download the model again',
    });
  }
}

function wrapGroup(content: Hdf5GroupContent, where: string): Hdf5Group {
  const find = (path: string): Hdf5Node | undefined => {
    let node: Hdf5Node | undefined = content;
    for (const name of path.split('/').filter((part) => part !== '')) node = node?.kind === 'group' ? node.members.get(name) : undefined;
    return node;
  };
  return {
    members: () => [...content.members.keys()],
    group: (path) => {
      const node = find(path);
      return node?.kind === 'group' ? wrapGroup(node, where) : undefined;
    },
    dataset: (path) => {
      const node = find(path);
      return node?.kind === 'dataset' ? wrapDataset(node, `${where}, weight "${path}"`) : undefined;
    },
    text: (name) => {
      const value = content.attributes.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    texts: (name) => {
      const value = content.attributes.get(name);
      return typeof value === 'string' ? [value] : value;
    },
  };
}

function wrapDataset({ shape, values }: Hdf5DatasetContent, where: string): Hdf5Dataset {
  return {
    shape,
    read: () => {
      if (values === undefined)
        throw new EspalierError('unsupported-model', 'is not stored as float32, float64 or integers', {
          where,
          fix: 'convert the model to float32 and save it again',
        });
      return values;
    },
  };
}

/** Offset of the file's length in the superblock, by its version; with 8-byte addresses, which every writer uses. */
const lengthOffsets: readonly (number | undefined)[] = [40, 44, 28, 28];

/** The length that an HDF5 file states for itself in bytes; undefined where it does not start with a superblock that is known. */
function statedLength(bytes: Uint8Array): number | undefined {
  const offset = lengthOffsets[bytes[8] ?? -1];
  if (offset === undefined || bytes[0] !== 0x89 || bytes.length < offset + 8) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
  return length <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(length) : undefined;
}
