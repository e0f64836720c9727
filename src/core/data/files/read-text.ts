import { EspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import { fileError } from './file-access.ts';

/**
 * Text in UTF-8, or in UTF-16 where the file starts with its mark, as spreadsheets write it.
 *
 * @throws EspalierError `file-access`; `invalid-data` for bytes that are no text: guessed letters would mix up names
 */
export async function readText(where: string): Promise<string> {
  const bytes = await readRegularFile(where).catch((error: unknown) => {
    throw fileError(error, where);
  });
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new EspalierError('invalid-data', 'it is not text in UTF-8', { where, fix: 'save it as UTF-8', cause: error });
  }
}
