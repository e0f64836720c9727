import { EspalierError, isEspalierError } from '../errors.ts';
import { notRegular } from '../regular-file.ts';

/** The error of a failed system call on a file that is read, with the remedy where there is one. */
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
    case notRegular:
      return new EspalierError('file-access', 'is neither a file nor a folder', {
        where: path,
        cause,
        fix: 'give a file, not a device or a pipe',
      });
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

/** The same error with the name of the file in `where`, before the layer or tensor that the reader named. */
export function errorInFile(error: EspalierError, file: string): EspalierError {
  if (error.code === 'file-access' || error.where?.includes(file) === true) return error;
  const place = error.where === undefined ? '' : `${error.where}: `;
  const remedy = error.fix === undefined ? '' : `; ${error.fix}`;
  const what = error.message.slice(place.length, error.message.length - remedy.length);
  const fix = error.fix ?? (error.code === 'invalid-model' ? 'save or download the model again' : undefined);
  return new EspalierError(error.code, what, {
    where: error.where === undefined ? file : `${file}, ${error.where}`,
    cause: error.cause,
    fix,
  });
}

/** Runs a reader that knows only bytes; its errors get the name of the file. */
export function withFileInErrors<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isEspalierError(error) ? errorInFile(error, file) : error;
  }
}
