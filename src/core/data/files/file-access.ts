import { EspalierError, isEspalierError } from '../../errors.ts';
import { notRegular } from '../../regular-file.ts';

/** Turns errors of the file system into errors that a user can act on; others pass through. */
export function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || isEspalierError(error)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new EspalierError('file-access', 'there is no such file or folder', {
        where: path,
        fix: 'check the path in the data spec; it is relative to the file that holds the spec',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new EspalierError('file-access', 'it may not be read', { where: path, fix: 'give yourself read permission', cause: error });
    case 'ENOTDIR':
      return new EspalierError('file-access', 'it is not a folder', { where: path, fix: 'name a folder or a .tar.gz', cause: error });
    case 'EISDIR':
      return new EspalierError('file-access', 'it is a folder, not a file', { where: path, fix: 'name the file itself', cause: error });
    case notRegular:
      return new EspalierError('file-access', 'it is neither a file nor a folder', {
        where: path,
        fix: 'name a file, not a device or a pipe',
        cause: error,
      });
    case 'ENOSPC':
      return new EspalierError('file-access', 'no space is left on the device', { where: path, fix: 'free some space', cause: error });
    case 'EMFILE':
      return new EspalierError('file-access', 'too many files are open', {
        where: path,
        fix: 'raise the limit of open files (ulimit -n)',
        cause: error,
      });
    default:
      return new EspalierError('file-access', `it cannot be read (${error.message})`, { where: path, cause: error });
  }
}
