import { EspalierError } from '../../errors.ts';
import { createRandom, shuffle } from '../../random.ts';
import type { FileCollection } from '../spec/file-collection-spec.ts';
import { classOfFile, type FileClass } from './class-of-file.ts';
import { openFileTree, type FileTree } from './file-tree.ts';
import { resolvePath } from './resolve-path.ts';

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

export type BackgroundFile = Pick<LabelledFile, 'tree' | 'path'>;

export interface LabellingOptions {
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Of files that are examples for people, but are not read: nobody should miss them without a word. */
  readonly unreadExtensions?: readonly string[];
  /** A published split that a file's path decides. */
  readonly splitOf?: SplitOf;
  /** Name of a folder whose files have no class. */
  readonly backgroundFolder?: string;
  /** A class for the files of all classes that the spec doesn't list. */
  readonly unknown?: { readonly class: string; readonly share: number; readonly seed: number };
  /** Classes of the spec that no file has. */
  readonly made?: readonly string[];
}

interface ClassedFile extends FileClass {
  readonly tree: FileTree;
  readonly path: string;
}

const splitFolders = { train: ['train', 'training'], validation: ['validation', 'valid', 'val'], test: ['test', 'testing'] } as const;

/** Finds the files of each split and their classes, from folders or from a pattern of names. */
export async function findLabelledFiles(spec: FileCollection, folder: string, options: LabellingOptions): Promise<LabelledFiles> {
  const { extensions, unreadExtensions = [], splitOf, backgroundFolder, unknown, made = [] } = options;
  const background: BackgroundFile[] = [];
  const warnings: string[] = [];
  const classOf = classOfFile(spec);
  const list = async (path: string): Promise<ClassedFile[]> => {
    const tree = await openFileTree(resolvePath(folder, path));
    const endingIn = (endings: readonly string[]): readonly string[] =>
      tree.paths.filter((file) => endings.some((ending) => file.toLowerCase().endsWith(ending)));
    const paths = endingIn(extensions);
    const unread = endingIn(unreadExtensions);
    if (paths.length === 0)
      throw new EspalierError(
        'invalid-data',
        `it holds no ${extensions.join(' or ')} file${unread.length === 0 ? '' : `, but ${describe(unread)}`}`,
        {
          where: tree.name,
          fix: unread.length === 0 ? 'check the path and the format of the data spec' : 'convert them to one of these formats',
        },
      );
    if (unread.length > 0) warnings.push(`${tree.name}: ${describe(unread)} left out; ${extensions.join(', ')} are read`);
    const without: string[] = [];
    const found = paths.flatMap((path): readonly ClassedFile[] => {
      if (backgroundFolder !== undefined && path.split('/').slice(0, -1).includes(backgroundFolder)) {
        background.push({ tree, path });
        return [];
      }
      const fileClass = classOf(path);
      if (fileClass === undefined) without.push(path);
      return fileClass === undefined ? [] : [{ tree, path, ...fileClass }];
    });
    if (without.length > 0 && found.length > 0)
      warnings.push(
        `${tree.name}: ${describe(without)} left out, for ${spec.pattern === undefined ? 'no class folder holds them' : `they do not match ${JSON.stringify(spec.pattern)}`}`,
      );
    return found;
  };
  const found = splitOf === undefined ? await findSplits(spec, list) : await splitFiles(spec, list, splitOf);
  const all = [...found.train, ...(found.validation ?? []), ...(found.test ?? [])];
  const classes = spec.classes ?? [...new Set(all.map((file) => file.className))].sort();
  if (classes.length < 2) {
    throw new EspalierError(
      'invalid-data',
      `its files are of ${classes.length === 0 ? 'no class' : `the one class "${classes[0] ?? ''}"`}`,
      { where: spec.folder ?? spec.train ?? 'data', fix: 'put the files of each class into a folder of its own, or set "pattern"' },
    );
  }
  const labels = new Map(classes.map((name, label) => [name, label]));
  const label = (files: readonly ClassedFile[]): readonly LabelledFile[] =>
    files.flatMap(({ tree, path, className }) => {
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
  const chosen = (files: readonly ClassedFile[]): readonly LabelledFile[] =>
    unknown === undefined ? label(files) : fewerUnknown(label(files), labels.get(unknown.class), unknown.share, unknown.seed);
  return {
    classes,
    train: chosen(found.train),
    validation: found.validation && chosen(found.validation),
    test: found.test && chosen(found.test),
    background,
    warnings,
  };
}

/** `3 files (a.bmp, …)` */
function describe(paths: readonly string[]): string {
  const [first = '', ...others] = paths;
  return others.length === 0 ? `1 file (${first})` : `${paths.length} files (${first}, …)`;
}

/** Unknown words are many: of them, only a share of the number of known ones is kept. */
function fewerUnknown(files: readonly LabelledFile[], label: number | undefined, share: number, seed: number): readonly LabelledFile[] {
  const unknown = files.flatMap((file, index) => (file.label === label ? [index] : []));
  const count = Math.ceil((files.length - unknown.length) * share);
  const kept = new Set(shuffle(Uint32Array.from(unknown), createRandom(seed)).subarray(0, count));
  return files.filter((file, index) => file.label !== label || kept.has(index));
}

/** A published split that a file's path decides. */
export type SplitOf = (path: string) => 'train' | 'validation' | 'test';

async function splitFiles(spec: FileCollection, list: (path: string) => Promise<ClassedFile[]>, splitOf: SplitOf): Promise<FoundSplits> {
  if (spec.folder === undefined)
    throw new EspalierError('invalid-data', 'a published split divides one folder', {
      where: 'data.split',
      fix: 'name it with "folder", or leave "split" out',
    });
  const files = await list(spec.folder);
  const of = (split: ReturnType<SplitOf>): ClassedFile[] => files.filter(({ path }) => splitOf(path) === split);
  return { train: of('train'), validation: of('validation'), test: of('test') };
}

interface FoundSplits {
  readonly train: readonly ClassedFile[];
  readonly validation: readonly ClassedFile[] | undefined;
  readonly test: readonly ClassedFile[] | undefined;
}

async function findSplits(spec: FileCollection, list: (path: string) => Promise<ClassedFile[]>): Promise<FoundSplits> {
  if (spec.folder === undefined) {
    if (spec.train === undefined)
      throw new EspalierError('invalid-data', 'it has neither "folder" nor "train"', {
        where: 'data',
        fix: 'name the folder or archive that holds the files',
      });
    return whereField(spec, {
      train: await list(spec.train),
      validation: undefined,
      test: spec.test === undefined ? undefined : await list(spec.test),
    });
  }
  const files = await list(spec.folder);
  const inFolder = (names: readonly string[]): ClassedFile[] =>
    files.filter((file) =>
      file.path
        .split('/')
        .slice(0, -1)
        .some((part) => names.includes(part)),
    );
  const train = inFolder(splitFolders.train);
  if (train.length === 0) return whereField(spec, { train: files, validation: undefined, test: undefined });
  const orUndefined = (part: ClassedFile[]): ClassedFile[] | undefined => (part.length === 0 ? undefined : part);
  return { train, validation: orUndefined(inFolder(splitFolders.validation)), test: orUndefined(inFolder(splitFolders.test)) };
}

function whereField(spec: FileCollection, splits: FoundSplits): FoundSplits {
  if (spec.testWhere === undefined) return splits;
  const { field, values } = spec.testWhere;
  const isTest = (file: ClassedFile): boolean => values.includes(file.fields[field] ?? '');
  const test = splits.train.filter(isTest);
  if (test.length === 0)
    throw new EspalierError('invalid-data', `no file has a "${field}" of ${values.join(', ')}`, {
      where: 'data.testWhere',
      fix: 'name a field of "pattern" and values that occur',
    });
  return { ...splits, train: splits.train.filter((file) => !isTest(file)), test };
}
