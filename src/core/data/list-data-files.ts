import { classNames } from './files/class-order.ts';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreachable } from '../errors.ts';
import { omit } from '../../shared/omit.ts';
import { type ClassedFile, ClassedFiles, type ListingOptions } from './files/classed-files.ts';
import { findSplits, type SplitOf } from './files/file-splits.ts';
import { openFileTree } from './files/file-tree.ts';
import { resolvePath } from './files/resolve-path.ts';
import { soundFiles } from './formats/audio-folder.ts';
import { isBatch } from './formats/cifar-binary.ts';
import { idxPaths } from './formats/idx.ts';
import { imageFiles, isUnclassed, unclassedImages } from './formats/image-folder.ts';
import { imageExtension } from './formats/image-masks.ts';
import type { ByInput } from './spec/by-input.ts';
import type { DataSpec } from './spec/data-spec.ts';
import type { ImageDataSpec } from './spec/image-spec.ts';
import type { FileCollection } from './spec/file-collection-spec.ts';

export interface DataFile {
  /** Field of the spec and path below it: the same wherever the data lie. */
  readonly name: string;
  readonly path: string;
}

export interface DataFiles {
  /** Ordered by name. */
  readonly files: readonly DataFile[];
  /** The spec without paths and without fields that no result depends on. */
  readonly meaning: object;
}

/**
 * The files that the spec's format reads, for a digest of the data. It does not check that they can be read.
 *
 * @param folder what the spec's paths are relative to
 * @throws EspalierError `file-access` or `invalid-data` where a folder is missing or holds nothing that the format reads
 */
export async function listDataFiles(spec: DataSpec, folder: string): Promise<DataFiles> {
  const file = (name: string, path: unknown): readonly DataFile[] =>
    typeof path === 'string' ? [{ name, path: resolvePath(folder, path) }] : [];
  const byInput = (name: string, paths: string | ByInput<string> | undefined): readonly DataFile[] =>
    typeof paths === 'object'
      ? Object.keys(paths)
          .sort()
          .flatMap((input) => file(`${name}.${input}`, paths[input]))
      : file(name, paths);
  switch (spec.format) {
    case 'idx': {
      const paths = idxPaths(spec, folder);
      return {
        files: Object.entries(paths).flatMap(([name, path]) => file(name, path)),
        meaning: omit(spec, 'cacheMegabytes', 'folder', 'trainImages', 'trainLabels', 'testImages', 'testLabels'),
      };
    }
    case 'cifar-binary': {
      const batches = (name: 'train' | 'test'): readonly DataFile[] =>
        (spec[name] ?? []).flatMap((path, index) => file(`${name}.${index}`, path));
      const found = spec.folder === undefined ? [] : await filesBelow('folder', resolvePath(folder, spec.folder), isBatch);
      return {
        files: [...found, ...batches('train'), ...batches('test')],
        meaning: omit(spec, 'cacheMegabytes', 'folder', 'train', 'test'),
      };
    }
    case 'images': {
      const images = (await isUnclassed(spec, folder)) ? unclassedImages : imageFiles;
      const { masks, labels, ...others } = omit(spec, 'cacheMegabytes', 'folder', 'train', 'test');
      return {
        files: [
          ...(masks === undefined ? await collectionFiles(spec, folder, images) : await maskedFiles(spec, masks, folder)),
          ...file('labels.file', labels?.file),
        ],
        meaning: labels === undefined ? others : { ...others, labels: omit(labels, 'file') },
      };
    }
    case 'audio':
      return {
        files: await collectionFiles(spec, folder, soundFiles(spec)),
        meaning: omit(spec, 'cacheMegabytes', 'folder', 'train', 'test'),
      };
    case 'npy':
      return {
        files: [
          ...byInput('trainInputs', spec.trainInputs),
          ...byInput('trainLabels', spec.trainLabels),
          ...byInput('testInputs', spec.testInputs),
          ...byInput('testLabels', spec.testLabels),
        ],
        meaning: omit(spec, 'cacheMegabytes', 'trainInputs', 'trainLabels', 'testInputs', 'testLabels'),
      };
    case 'npz':
      return { files: file('file', spec.file), meaning: omit(spec, 'cacheMegabytes', 'file') };
    case 'csv':
      return {
        files: [...file('file', spec.file), ...file('testFile', spec.testFile)],
        meaning: omit(spec, 'cacheMegabytes', 'file', 'testFile'),
      };
    case 'raw': {
      const { train, test } = spec;
      return {
        files: [
          ...byInput('train.inputs', train?.inputs),
          ...file('train.labels', train?.labels),
          ...byInput('test.inputs', test?.inputs),
          ...file('test.labels', test?.labels),
        ],
        meaning: omit(spec, 'cacheMegabytes', 'train', 'test'),
      };
    }
    case 'generated':
      return { files: [], meaning: omit(spec, 'cacheMegabytes') };
    default:
      return unreachable(spec);
  }
}

/** Images and masks, whatever folders they lie in. */
async function maskedFiles(spec: ImageDataSpec, masks: string, folder: string): Promise<readonly DataFile[]> {
  const roots = [
    ['folder', spec.folder],
    ['train', spec.train],
    ['test', spec.test],
    ['masks', masks],
  ] as const;
  const lists = roots.map(([name, path]) =>
    path === undefined ? [] : filesBelow(name, resolvePath(folder, path), (each) => imageExtension.test(each)),
  );
  return (await Promise.all(lists)).flat();
}

/** An archive counts as one file: its contents are not known before it is unpacked. */
async function filesBelow(name: string, root: string, isRead: (path: string) => boolean): Promise<readonly DataFile[]> {
  if (!(await isFolder(root))) return [{ name, path: root }];
  const { paths } = await openFileTree(root);
  return paths.filter(isRead).map((path) => ({ name: `${name}/${path}`, path: join(root, path) }));
}

/** Missing ones count as folders, whose opening says so. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isDirectory();
}

export interface CollectionOptions extends ListingOptions {
  readonly splitOf?: SplitOf;
  /** Whether files of classes that the spec does not list are read as well. */
  readonly readsOtherClasses?: boolean;
}

async function collectionFiles(spec: FileCollection, folder: string, options: CollectionOptions): Promise<readonly DataFile[]> {
  const { splitOf, readsOtherClasses = false } = options;
  const fields = (spec.folder === undefined ? (['train', 'test'] as const) : (['folder'] as const)).filter(
    (field) => typeof spec[field] === 'string',
  );
  const archives: DataFile[] = [];
  const folders: string[] = [];
  for (const field of fields) {
    const path = resolvePath(folder, spec[field] ?? '');
    if (await isFolder(path)) folders.push(path);
    else archives.push({ name: field, path });
  }
  const listing = new ClassedFiles(spec, folder, options);
  // With an archive the splits are not known; then all that has a class may be read.
  const found: Readonly<Record<string, readonly ClassedFile[] | undefined>> =
    archives.length === 0
      ? omit(await findSplits(spec, (path) => listing.list(path), splitOf), 'warning')
      : { all: (await Promise.all(folders.map((path) => listing.list(path)))).flat() };
  const classes = classNames(spec.classes);
  const isRead = ({ className }: ClassedFile): boolean => readsOtherClasses || classes === undefined || classes.includes(className);
  const named = (split: string, files: readonly Pick<ClassedFile, 'tree' | 'path'>[]): readonly DataFile[] =>
    files.map(({ tree, path }) => ({ name: `${split}/${path}`, path: join(tree.name, path) }));
  return [
    ...archives,
    ...Object.entries(found).flatMap(([split, files = []]) => named(split, files.filter(isRead))),
    ...named('background', listing.background),
  ];
}
