/** HDF5 through h5wasm, read from memory, behind the few calls that the importers need. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as H5wasm from 'h5wasm';
import { EspalierError } from '../../errors.ts';
import type { Shape } from '../../network/network.ts';
import { elementCount } from '../../network/shapes/shape.ts';

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

let loaded: Promise<typeof H5wasm> | undefined;
let instances = 0;

/** A module whose memory a damaged file has corrupted is left behind: its URL gets a new query, so Node loads another. */
function loadH5wasm(): Promise<typeof H5wasm> {
  loaded ??= (async () => {
    const url = pathToFileURL(locateH5wasm());
    url.search = `instance=${instances++}`;
    const h5wasm = (await import(url.href)) as typeof H5wasm;
    // The library prints its errors otherwise.
    (await h5wasm.ready).activate_throwing_error_handler();
    return h5wasm;
  })();
  return loaded;
}

/** The package exports its module to `import` only, whose URLs take no query; so its folder is looked up. */
function locateH5wasm(): string {
  const folders = createRequire(import.meta.url).resolve.paths('h5wasm') ?? [];
  const script = folders.map((folder) => join(folder, 'h5wasm', 'dist', 'esm', 'hdf5_hl.js')).find((path) => existsSync(path));
  if (script === undefined) throw new Error('the package h5wasm is not installed');
  return script;
}

/**
 * Opens the file for the duration of `use`. Everything that goes wrong in the library becomes an `invalid-model`
 * error, for it only sees the bytes.
 */
export async function withHdf5<T>(bytes: Uint8Array, where: string, use: (root: Hdf5Group) => T): Promise<T> {
  const h5wasm = await loadH5wasm();
  const { FS } = await h5wasm.ready;
  const path = `/model-${instances}.h5`;
  let file: H5wasm.File | undefined;
  try {
    FS.writeFile(path, bytes);
    file = new h5wasm.File(path, 'r');
    if (file.file_id < 0n) throw new Error('not an HDF5 file');
    return use(wrapGroup(h5wasm, file, bytes.length, where));
  } catch (cause) {
    if (cause instanceof EspalierError) throw cause;
    // An error unwinds through the library without its cleanup: what it left behind is not to be trusted.
    loaded = undefined;
    throw damaged(where, cause);
  } finally {
    try {
      file?.close();
      FS.unlink(path);
    } catch {
      loaded = undefined;
    }
  }
}

function damaged(where: string, cause: unknown): EspalierError {
  return new EspalierError('invalid-model', 'is a damaged HDF5 file', { where, cause, fix: 'save or download the model again' });
}

function wrapGroup(h5wasm: typeof H5wasm, group: H5wasm.Group, fileSize: number, where: string): Hdf5Group {
  const attribute = (name: string): unknown => group.attrs[name]?.value;
  return {
    members: () => group.keys(),
    group: (path) => {
      const member = group.get(path);
      return member instanceof h5wasm.Group ? wrapGroup(h5wasm, member, fileSize, where) : undefined;
    },
    dataset: (path) => {
      const member = group.get(path);
      return member instanceof h5wasm.Dataset ? wrapDataset(member, fileSize, `${where}, weight "${path}"`) : undefined;
    },
    text: (name) => {
      const value = attribute(name);
      return typeof value === 'string' ? value : value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
    },
    texts: (name) => {
      const value = attribute(name);
      if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) return undefined;
      return Array.from(value as Iterable<unknown>, (text) => String(text).replace(/\0+$/, ''));
    },
  };
}

/** Deflate reaches about 1000:1; a dataset that claims more than that of its file is damaged. */
const largestExpansion = 1100;

function wrapDataset(dataset: H5wasm.Dataset, fileSize: number, where: string): Hdf5Dataset {
  const shape = (dataset.shape ?? []).map(Number);
  const elements = elementCount(shape);
  if (!Number.isSafeInteger(elements) || elements < 0 || elements > fileSize * largestExpansion) throw damaged(where, undefined);
  return {
    shape,
    read: () => {
      const { type, size } = dataset.metadata;
      // Class 1 of HDF5's types is floating point, class 0 integers.
      if ((type !== 1 && type !== 0) || (type === 1 && size < 4)) {
        throw new EspalierError('unsupported-model', 'is not stored as float32, float64 or integers', { where, fix: 'convert the model to float32 and save it again' });
      }
      if (size > 8) throw damaged(where, undefined);
      const value: unknown = dataset.value;
      if (value instanceof Float32Array && value.length === elements) return value.slice();
      const numbers = ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number | bigint>) : [Number(value)];
      const data = Float32Array.from(numbers, Number);
      if (data.length !== elements) throw damaged(where, undefined);
      return data;
    },
  };
}
