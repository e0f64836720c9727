import { EspalierError } from '../../errors.ts';
import { splitFolders, type FileCollection } from '../spec/file-collection-spec.ts';
import type { ClassedFile } from './classed-files.ts';

/** A published split that follows from a file's path. */
export type SplitOf = (path: string) => 'train' | 'validation' | 'test';

export interface FoundSplits {
  readonly train: readonly ClassedFile[];
  readonly validation: readonly ClassedFile[] | undefined;
  readonly test: readonly ClassedFile[] | undefined;
  /** How folders were understood. */
  readonly warning?: string;
}

type ListFiles = (path: string) => Promise<readonly ClassedFile[]>;

/** Divides files as a published split says; else by folders of their own, or by a field of their names. */
export function findSplits(spec: FileCollection, list: ListFiles, splitOf: SplitOf | undefined): Promise<FoundSplits> {
  return splitOf === undefined ? splitsByFolder(spec, list) : splitFiles(spec, list, splitOf);
}

async function splitFiles(spec: FileCollection, list: ListFiles, splitOf: SplitOf): Promise<FoundSplits> {
  if (spec.folder === undefined)
    throw new EspalierError('invalid-data', 'a published split divides one folder', {
      where: 'data.split',
      fix: 'name it with "folder", or leave "split" out',
    });
  const files = await list(spec.folder);
  const of = (split: ReturnType<SplitOf>): ClassedFile[] => files.filter(({ path }) => splitOf(path) === split);
  return { train: of('train'), validation: of('validation'), test: of('test') };
}

async function splitsByFolder(spec: FileCollection, list: ListFiles): Promise<FoundSplits> {
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
  const [validation, test] = [inFolder(splitFolders.validation), inFolder(splitFolders.test)];
  // Examples that the model was trained on would measure it too well.
  if (test.length === 0 && validation.length > 0) {
    const warning = `${spec.folder}: it has no test folder, so its validation folder is the test set, and validation is held back from the training examples`;
    return { train, validation: undefined, test: validation, warning };
  }
  return { train, validation: orUndefined(validation), test: orUndefined(test) };
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
