import { EspalierError } from '../../errors.ts';
import { createRandom, shuffle } from '../../random.ts';
import type { FileCollection } from '../spec/file-collection-spec.ts';
import { classNames } from './class-order.ts';
import { type BackgroundFile, type ClassedFile, ClassedFiles, type ListingOptions } from './classed-files.ts';
import { findSplits, type SplitOf } from './file-splits.ts';
import type { FileTree } from './file-tree.ts';

/** A file with its class. */
export interface LabelledFile {
  readonly tree: FileTree;
  readonly path: string;
  readonly label: number;
}

export interface LabelledFiles {
  readonly classes: readonly string[];
  readonly train: readonly LabelledFile[];
  readonly validation: readonly LabelledFile[] | undefined;
  readonly test: readonly LabelledFile[] | undefined;
  /** Files in the folder that is no class. */
  readonly background: readonly BackgroundFile[];
  readonly warnings: readonly string[];
}

export interface LabellingOptions extends ListingOptions {
  /** A published split that a file's path decides. */
  readonly splitOf?: SplitOf;
  /** A class for the files of all classes that the spec doesn't list. */
  readonly unknown?: { readonly class: string; readonly share: number; readonly seed: number };
  /** Classes of the spec that no file has. */
  readonly made?: readonly string[];
}

/** Finds the files of each split and their classes, from folders or from a pattern of names. */
export async function findLabelledFiles(spec: FileCollection, folder: string, options: LabellingOptions): Promise<LabelledFiles> {
  const { splitOf, unknown, made = [] } = options;
  const files = new ClassedFiles(spec, folder, options);
  const found = await findSplits(spec, (path) => files.list(path), splitOf);
  const all = [...found.train, ...(found.validation ?? []), ...(found.test ?? [])];
  const classes = classNames(spec.classes) ?? [...new Set(all.map((file) => file.className))].sort();
  if (classes.length < 2) {
    throw new EspalierError(
      'invalid-data',
      `its files are of ${classes.length === 0 ? 'no class' : `the one class "${classes[0] ?? ''}"`}`,
      { where: spec.folder ?? spec.train ?? 'data', fix: 'put the files of each class into a folder of its own, or set "pattern"' },
    );
  }
  const labels = new Map(classes.map((name, label) => [name, label]));
  const label = (part: readonly ClassedFile[]): readonly LabelledFile[] =>
    part.flatMap(({ tree, path, className }) => {
      const index = labels.get(className) ?? (unknown === undefined ? undefined : labels.get(unknown.class));
      return index === undefined ? [] : [{ tree, path, label: index }];
    });
  const withoutFiles = [...made, ...(unknown === undefined ? [] : [unknown.class])];
  const missing = classes.filter((name) => !withoutFiles.includes(name) && !all.some((file) => file.className === name));
  if (missing.length > 0)
    throw new EspalierError('invalid-data', `no file is of class "${missing[0] ?? ''}"`, {
      where: 'data.classes',
      fix: 'correct the name, or add files of that class',
    });
  const chosen = (part: readonly ClassedFile[]): readonly LabelledFile[] =>
    unknown === undefined ? label(part) : fewerUnknown(label(part), labels.get(unknown.class), unknown.share, unknown.seed);
  return {
    classes,
    train: chosen(found.train),
    validation: found.validation && chosen(found.validation),
    test: found.test && chosen(found.test),
    background: files.background,
    warnings: found.warning === undefined ? files.warnings : [...files.warnings, found.warning],
  };
}

/** Unknown words are many: of them, only a share of the number of known ones is kept. */
function fewerUnknown(files: readonly LabelledFile[], label: number | undefined, share: number, seed: number): readonly LabelledFile[] {
  const unknown = files.flatMap((file, index) => (file.label === label ? [index] : []));
  const count = Math.ceil((files.length - unknown.length) * share);
  const kept = new Set(shuffle(Uint32Array.from(unknown), createRandom(seed)).subarray(0, count));
  return files.filter((file, index) => file.label !== label || kept.has(index));
}
