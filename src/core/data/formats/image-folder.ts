import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelTensor } from '../../network/model-interface.ts';
import { openMaskedImages } from './image-masks.ts';
import { splitFolders } from '../spec/file-collection-spec.ts';
import type { ImageDataSpec } from '../spec/image-spec.ts';
import type { ExampleSource, SourceSplits } from '../example-source.ts';
import { type ClassedFile, ClassedFiles } from '../files/classed-files.ts';
import { findSplits } from '../files/file-splits.ts';
import { resolvePath } from '../files/resolve-path.ts';
import type { KeptExamples } from '../kept-examples.ts';
import { withoutLabels } from '../without-labels.ts';
import { filesAsSource, openFiles } from './file-source.ts';
import { imageDecoding } from './image-decoding.ts';
import { openImageLabels } from './image-labels.ts';

/** What is read of a folder. */
export const imageFiles = {
  extensions: ['.jpg', '.jpeg', '.jfif', '.png'],
  unreadExtensions: ['.bmp', '.gif', '.webp', '.tif', '.tiff', '.heic', '.avif'],
} as const;

/** The same where no folder is a class. */
export const unclassedImages = { ...imageFiles, classFolder: 'none', readsOtherClasses: true } as const;

/** JPEG and PNG files by class, with masks, by a table, or without labels: where they lie in no folder of a class. */
export async function openImageFolder(
  spec: ImageDataSpec,
  folder: string,
  outputs?: readonly ModelTensor[],
  kept?: KeptExamples,
): Promise<SourceSplits> {
  const { masks } = spec;
  if (masks !== undefined && spec.labelled !== false) return openMaskedImages({ ...spec, masks }, folder, outputs, kept);
  if (await isUnclassed(spec, folder)) return openUnclassedImages(spec, folder, outputs, kept);
  return openFiles(spec, folder, { ...imageFiles, ...imageDecoding, kept, classFolder: 'outermost' });
}

/** Whether folders say nothing about what is to be predicted. */
export async function isUnclassed(spec: ImageDataSpec, folder: string): Promise<boolean> {
  if (spec.labels !== undefined || spec.labelled === false) return true;
  if (spec.classes !== undefined || spec.pattern !== undefined) return false;
  const roots = [spec.folder, spec.train, spec.test].flatMap((path) => (path === undefined ? [] : resolvePath(folder, path)));
  const have = await Promise.all(roots.map(hasClassFolders));
  return roots.length > 0 && !have.some(Boolean);
}

/** Folders within the folder, or within those of its splits; an archive or a folder that cannot be read counts as having some. */
async function hasClassFolders(root: string): Promise<boolean> {
  const foldersIn = async (path: string): Promise<readonly string[] | undefined> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
    return entries?.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  };
  const splits: readonly string[] = Object.values(splitFolders).flat();
  const folders = await foldersIn(root);
  if (folders === undefined || folders.some((name) => !splits.includes(name))) return true;
  const within = await Promise.all(folders.map((name) => foldersIn(join(root, name))));
  return within.some((each) => each === undefined || each.length > 0);
}

/** Every image below the folder, whatever folders it lies in: without labels, or with those of a table. */
async function openUnclassedImages(
  spec: ImageDataSpec,
  folder: string,
  outputs: readonly ModelTensor[] | undefined,
  kept: KeptExamples | undefined,
): Promise<SourceSplits> {
  const listing = new ClassedFiles(spec, folder, unclassedImages);
  const found = await findSplits(spec, (path) => listing.list(path), undefined);
  const all = [...found.train, ...(found.validation ?? []), ...(found.test ?? [])];
  const warnings = [...listing.warnings, ...(found.warning === undefined ? [] : [found.warning])];
  const labels = spec.labels === undefined ? undefined : await openImageLabels(spec.labels, { spec, folder, outputs, paths: all });
  warnings.push(...(labels?.warnings ?? []));
  const open = (name: string, files: readonly ClassedFile[]): Promise<ExampleSource> =>
    filesAsSource(name, labels === undefined ? files : files.filter(labels.has), spec, { ...imageDecoding, kept }, warnings, (usable) =>
      labels === undefined ? withoutLabels : labels.read(usable),
    );
  return {
    train: await open('train', found.train),
    validation: found.validation && (await open('validation', found.validation)),
    test: found.test && (await open('test', found.test)),
    warnings,
  };
}
