import { EspalierError } from '../../errors.ts';
import { fieldPattern, splitFields } from '../../name-patterns.ts';
import { splitFolders, type FileCollection } from '../spec/file-collection-spec.ts';
import { openFileTree, type FileTree } from './file-tree.ts';
import { resolvePath } from './resolve-path.ts';

export interface ClassedFile extends FileClass {
  readonly tree: FileTree;
  readonly path: string;
}

export type BackgroundFile = Pick<ClassedFile, 'tree' | 'path'>;

export interface ListingOptions {
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Extensions of examples that cannot be read; a warning counts them. */
  readonly unreadExtensions?: readonly string[];
  /** Name of a folder whose files have no class. */
  readonly backgroundFolder?: string;
  /** Of folders within folders, which one is the class, or that none is; default: the one that a file lies in. */
  readonly classFolder?: 'innermost' | 'outermost' | 'none';
}

/** Lists the files of folders and archives with their classes, and records those that are left out. */
export class ClassedFiles {
  /** Files in the folder that is no class. */
  readonly background: BackgroundFile[] = [];
  readonly warnings: string[] = [];
  readonly #spec: FileCollection;
  readonly #folder: string;
  readonly #options: ListingOptions;
  readonly #classOf: (path: string) => FileClass | undefined;

  /** @param folder what the spec's paths are relative to */
  constructor(spec: FileCollection, folder: string, options: ListingOptions) {
    this.#spec = spec;
    this.#folder = folder;
    this.#options = options;
    this.#classOf = options.classFolder === 'none' ? () => ({ className: '', fields: {} }) : classOfFile(spec);
  }

  /** @throws EspalierError `file-access`; `invalid-data` where no file has one of the extensions */
  async list(path: string): Promise<readonly ClassedFile[]> {
    const tree = await openFileTree(resolvePath(this.#folder, path));
    const without: string[] = [];
    const readable = this.#readable(tree);
    const classOf =
      this.#spec.pattern === undefined && this.#options.classFolder === 'outermost' ? this.#outermost(tree.name, readable) : this.#classOf;
    const found = readable.flatMap((file): readonly ClassedFile[] => {
      if (this.#isBackground(file)) {
        this.background.push({ tree, path: file });
        return [];
      }
      const fileClass = classOf(file);
      if (fileClass === undefined) without.push(file);
      return fileClass === undefined ? [] : [{ tree, path: file, ...fileClass }];
    });
    if (without.length > 0 && found.length > 0) {
      const { pattern } = this.#spec;
      const reason = pattern === undefined ? 'no class folder holds them' : `they do not match ${JSON.stringify(pattern)}`;
      this.warnings.push(`${tree.name}: ${describe(without)} left out, for ${reason}`);
    }
    return found;
  }

  /**
   * As torchvision's ImageFolder: files lie anywhere below the folder of their class. Folders that all files have in common, and those
   * of splits, are above the classes.
   */
  #outermost(name: string, paths: readonly string[]): ClassOfFile {
    const splits: readonly string[] = Object.values(splitFolders).flat();
    const foldersOf = (path: string): readonly string[] => path.split('/').slice(0, -1);
    const all = paths.map(foldersOf).filter((folders) => folders.length > 0);
    const [first = []] = all;
    const shared = first.findIndex((part, depth) => all.some((folders) => folders[depth] !== part));
    const classOf = (path: string): string | undefined => {
      const folders = foldersOf(path);
      const split = folders.findIndex((part) => splits.includes(part));
      // Where all files lie in one folder, that is their class.
      return folders[split >= 0 ? split + 1 : Math.max(shared, 0)] ?? folders.at(-1);
    };
    const nested = paths.filter((path) => classOf(path) !== foldersOf(path).at(-1));
    if (shared >= 0 && nested.length > 0)
      this.warnings.push(
        `${name}: ${describe(nested)} in folders within those of the classes; the outermost is the class, as torchvision reads them`,
      );
    return (path) => {
      const className = shared < 0 ? foldersOf(path).at(-1) : classOf(path);
      return className === undefined ? undefined : { className, fields: {} };
    };
  }

  #readable(tree: FileTree): readonly string[] {
    const { extensions, unreadExtensions = [] } = this.#options;
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
    if (unread.length > 0) this.warnings.push(`${tree.name}: ${describe(unread)} left out; ${extensions.join(', ')} are read`);
    return paths;
  }

  #isBackground(path: string): boolean {
    const { backgroundFolder } = this.#options;
    return backgroundFolder !== undefined && path.split('/').slice(0, -1).includes(backgroundFolder);
  }
}

/** `3 files (a.bmp, …)` */
function describe(paths: readonly string[]): string {
  const [first = '', ...others] = paths;
  return others.length === 0 ? `1 file (${first})` : `${paths.length} files (${first}, …)`;
}

interface FileClass {
  readonly className: string;
  /** Of the pattern, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The class of a file by its path; undefined without one. */
type ClassOfFile = (path: string) => FileClass | undefined;

/**
 * By the folder that the file lies in, or by the spec's pattern.
 *
 * @throws EspalierError `invalid-data` for a pattern without a class
 */
function classOfFile(spec: FileCollection): ClassOfFile {
  if (spec.pattern === undefined) {
    return (path) => {
      const className = path.split('/').at(-2);
      return className === undefined ? undefined : { className, fields: {} };
    };
  }
  const fieldsOf = checkedPattern(spec.pattern);
  return (path) => {
    const fields = fieldsOf(path.split('/').at(-1) ?? '');
    const className = fields?.['class'];
    return fields === undefined || className === undefined ? undefined : { className, fields };
  };
}

/** `<class>_<n>.wav`: each field is as short as the text around it allows. */
function checkedPattern(pattern: string): ReturnType<typeof fieldPattern> {
  const names = splitFields(pattern).filter((_, index) => index % 2 === 1);
  if (!names.includes('class') || new Set(names).size !== names.length) {
    throw new EspalierError('invalid-data', `the pattern ${JSON.stringify(pattern)} must hold <class> once, and every other field once`, {
      where: 'data.pattern',
      fix: 'write for instance "<class>_<speaker>_<n>.wav"',
    });
  }
  return fieldPattern(pattern);
}
