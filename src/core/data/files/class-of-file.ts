import { EspalierError } from '../../errors.ts';
import type { FileCollection } from '../spec/file-collection-spec.ts';

export interface FileClass {
  readonly className: string;
  /** Of the pattern, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a file's path says of it: undefined where it says no class. */
export type ClassOfFile = (path: string) => FileClass | undefined;

/**
 * By the folder that the file lies in, or by the spec's pattern.
 *
 * @throws EspalierError `invalid-data` for a pattern without a class
 */
export function classOfFile(spec: FileCollection): ClassOfFile {
  if (spec.pattern === undefined) {
    return (path) => {
      const className = path.split('/').at(-2);
      return className === undefined ? undefined : { className, fields: {} };
    };
  }
  const pattern = compilePattern(spec.pattern);
  return (path) => {
    const fields = pattern.exec(path.split('/').at(-1) ?? '')?.groups;
    const className = fields?.['class'];
    return className === undefined ? undefined : { className, fields: { ...fields } };
  };
}

/** `<class>_<n>.wav`: each field is as short as the text around it allows. */
function compilePattern(pattern: string): RegExp {
  const parts = pattern.split(/<([A-Za-z]\w*)>/);
  const names = parts.filter((_, index) => index % 2 === 1);
  if (!names.includes('class') || new Set(names).size !== names.length) {
    throw new EspalierError('invalid-data', `the pattern ${JSON.stringify(pattern)} must hold <class> once, and every other field once`, {
      where: 'data.pattern',
      fix: 'write for instance "<class>_<speaker>_<n>.wav"',
    });
  }
  const source = parts.map((part, index) => (index % 2 === 1 ? `(?<${part}>.+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${source.join('')}$`, 'i');
}
