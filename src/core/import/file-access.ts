import { EspalierError } from '../errors.ts';

/** A failed system call in the user's words. */
export function fileAccessError(cause: unknown, path: string): EspalierError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'ENOENT':
      return new EspalierError('file-access', 'does not exist', { where: path, cause, fix: 'check the path' });
    case 'ENOTDIR':
      return new EspalierError('file-access', 'does not exist: a part of its path is a file', {
        where: path,
        cause,
        fix: 'check the path',
      });
    case 'EACCES':
    case 'EPERM':
      return new EspalierError('file-access', 'may not be read', { where: path, cause, fix: 'give yourself read permission' });
    case 'ERR_FS_FILE_TOO_LARGE':
      return new EspalierError('file-access', 'is larger than 2 GiB', {
        where: path,
        cause,
        fix: 'models for devices are smaller: check that this is the right file',
      });
    default:
      return new EspalierError('file-access', `cannot be read (${code === '' ? String(cause) : code})`, { where: path, cause });
  }
}
