import { EspalierError, isEspalierError } from '../errors.ts';

/** A reader knows the layer or the tensor; the user wants the file as well. */
export function namingFile(error: EspalierError, file: string): EspalierError {
  if (error.code === 'file-access' || error.where?.includes(file) === true) return error;
  const place = error.where === undefined ? '' : `${error.where}: `;
  const remedy = error.fix === undefined ? '' : `; ${error.fix}`;
  const what = error.message.slice(place.length, error.message.length - remedy.length);
  const fix = error.fix ?? (error.code === 'invalid-model' ? 'save or download the model again' : undefined);
  return new EspalierError(error.code, what, {
    where: error.where === undefined ? file : `${file}, ${error.where}`,
    cause: error.cause,
    ...(fix === undefined ? {} : { fix }),
  });
}

/** Reads something of a file whose reader knows only its bytes. */
export function readingFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isEspalierError(error) ? namingFile(error, file) : error;
  }
}
