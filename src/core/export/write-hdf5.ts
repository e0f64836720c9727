import type * as H5wasm from 'h5wasm';
import type { Shape } from '../network/network.ts';

export interface Hdf5Tensor {
  /** Path of the dataset; the groups above it are made. */
  readonly path: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface Hdf5Content {
  /** Groups that are there even without datasets. */
  readonly groups: readonly string[];
  readonly tensors: readonly Hdf5Tensor[];
}

let files = 0;

/** An HDF5 file of float32 datasets. */
export async function writeHdf5({ groups, tensors }: Hdf5Content): Promise<Uint8Array> {
  // The package has no CommonJS form, which a bundle of this file would ask for otherwise.
  const h5wasm: typeof H5wasm = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const path = `/written-${files++}.h5`;
  const file = new h5wasm.File(path, 'w');
  try {
    for (const group of groups) makeGroup(file, group);
    for (const tensor of tensors) {
      const parts = tensor.path.split('/');
      makeGroup(file, parts.slice(0, -1).join('/')).create_dataset({
        name: parts.at(-1) ?? '',
        data: tensor.data,
        shape: [...tensor.shape],
        dtype: '<f4',
      });
    }
  } finally {
    file.close();
  }
  const bytes = FS.readFile(path);
  FS.unlink(path);
  return bytes;
}

function makeGroup(file: H5wasm.File, path: string): H5wasm.Group {
  let group: H5wasm.Group = file;
  for (const part of path.split('/')) {
    const next = group.keys().includes(part) ? group.get(part) : undefined;
    group = next !== undefined && next !== null && 'create_group' in next ? next : group.create_group(part);
  }
  return group;
}
