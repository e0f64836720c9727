import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EspalierError } from '../../errors.ts';
import type { IdxDataSpec } from '../spec/idx-spec.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import type { ByteSource } from '../files/byte-store.ts';
import { openBytes } from '../files/open-bytes.ts';
import { fileError } from '../files/file-access.ts';
import { resolvePath } from '../files/resolve-path.ts';
import { withoutLabels } from '../without-labels.ts';
import { classTarget, fixedShapeSource } from './fixed-shape-source.ts';

const idxNames = {
  trainImages: ['train-images-idx3-ubyte', 'train-images.idx3-ubyte'],
  trainLabels: ['train-labels-idx1-ubyte', 'train-labels.idx1-ubyte'],
  testImages: ['t10k-images-idx3-ubyte', 't10k-images.idx3-ubyte', 'test-images-idx3-ubyte'],
  testLabels: ['t10k-labels-idx1-ubyte', 't10k-labels.idx1-ubyte', 'test-labels-idx1-ubyte'],
} as const;

/**
 * The four files of the spec.
 *
 * @throws EspalierError `file-access` where the spec names a folder that lacks one of them
 */
export function idxPaths(spec: IdxDataSpec, folder: string): IdxPaths {
  const path = (field: keyof typeof idxNames): string => {
    const given = spec[field];
    if (given !== undefined) return resolvePath(folder, given);
    if (spec.folder === undefined) {
      throw new EspalierError('invalid-data', `it has neither "folder" nor "${field}"`, {
        where: 'data',
        fix: 'name the folder that holds the four IDX files',
      });
    }
    return findIdx(resolvePath(folder, spec.folder), idxNames[field]);
  };
  if (spec.labelled !== false)
    return {
      trainImages: path('trainImages'),
      trainLabels: path('trainLabels'),
      testImages: path('testImages'),
      testLabels: path('testLabels'),
    };
  const hasTest =
    spec.testImages !== undefined || (spec.folder !== undefined && isThere(resolvePath(folder, spec.folder), idxNames.testImages));
  return {
    trainImages: path('trainImages'),
    trainLabels: undefined,
    testImages: hasTest ? path('testImages') : undefined,
    testLabels: undefined,
  };
}

/** Labels are missing where none are read, test images where a part of the training images is the test set. */
type IdxPaths = Readonly<Record<keyof typeof idxNames, string | undefined>> & { readonly trainImages: string };

/** Examples from IDX files: images and labels of unsigned bytes. */
export async function openIdx(spec: IdxDataSpec, folder: string): Promise<SourceSplits> {
  const paths = idxPaths(spec, folder);
  const classes = (labels: Int32Array, where: string) => classTarget(labels, { where, names: spec.classNames });
  return {
    train: await openPair('train', paths.trainImages, paths.trainLabels, classes),
    validation: undefined,
    test: paths.testImages === undefined ? undefined : await openPair('test', paths.testImages, paths.testLabels, classes),
    warnings: [],
  };
}

function isThere(folder: string, names: readonly string[]): boolean {
  return candidates(folder, names).some((path) => existsSync(path));
}

function candidates(folder: string, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [`${name}.gz`, name]).map((name) => join(folder, name));
}

function findIdx(folder: string, names: readonly string[]): string {
  const found = candidates(folder, names).find((path) => existsSync(path));
  if (found === undefined) throw fileError(Object.assign(new Error(`no ${names[0]}`), { code: 'ENOENT' }), join(folder, names[0] ?? ''));
  return found;
}

async function openPair(
  name: string,
  imagesPath: string,
  labelsPath: string | undefined,
  classes: (labels: Int32Array, where: string) => ExampleSource['target'],
): Promise<ExampleSource> {
  const images = readIdx(await openBytes(imagesPath), imagesPath);
  const [size = 0, ...shape] = images.shape;
  const source = {
    name,
    kind: shape.length === 2 || shape.length === 3 ? 'image' : 'tensor',
    shape,
    size,
    bytes: images.bytes,
    offset: images.offset,
    type: 'uint8',
  } as const;
  if (labelsPath === undefined) return fixedShapeSource({ ...source, ...withoutLabels });
  const labelFile = readIdx(await openBytes(labelsPath), labelsPath);
  if (labelFile.shape.length !== 1)
    throw new EspalierError('invalid-data', `it holds an array of rank ${labelFile.shape.length}, but labels are a list`, {
      where: labelsPath,
      fix: 'check that images and labels are not swapped',
    });
  if (labelFile.shape[0] !== size) {
    throw new EspalierError('invalid-data', `it holds ${labelFile.shape[0]} labels for the ${size} images of ${imagesPath}`, {
      where: labelsPath,
      fix: 'take images and labels of the same set',
    });
  }
  const labels = Int32Array.from(labelFile.bytes.read(labelFile.offset, size));
  return fixedShapeSource({ ...source, labels, target: classes(labels, labelsPath) });
}

interface Idx {
  readonly shape: readonly number[];
  readonly bytes: ByteSource;
  /** Where the numbers start. */
  readonly offset: number;
}

/** Two zero bytes, the element type (8: unsigned byte), the rank, then the dimensions as big-endian int32. */
export function readIdx(bytes: ByteSource, where: string): Idx {
  const damaged = (what: string): EspalierError =>
    new EspalierError('invalid-data', what, { where, fix: 'download the file again, or check that it is an IDX file' });
  if (bytes.size < 4) throw damaged(`it has ${bytes.size} bytes, too few for an IDX file`);
  const [first, second, type, rank = 0] = bytes.read(0, 4);
  if (first !== 0 || second !== 0 || rank === 0) throw damaged('it does not start like an IDX file (two zero bytes, type, rank)');
  if (type !== 8) throw damaged(`its element type is 0x${(type ?? 0).toString(16)}, but only unsigned bytes (0x8) are images and labels`);
  const offset = 4 + 4 * rank;
  if (bytes.size < offset) throw damaged('it ends within its header');
  const header = bytes.read(4, 4 * rank);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 * axis));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (bytes.size - offset !== expected)
    throw damaged(`its header promises ${expected} bytes of data ([${shape.join(', ')}]), but it has ${bytes.size - offset}`);
  return { shape, bytes, offset };
}
