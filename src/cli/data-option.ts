import { parseDataSpec } from '../core/data/read-data-spec.ts';
import { asWrongUsage } from './wrong-usage.ts';

export const dataOptionHelp = 'data block as JSON, or a JSON file that holds one';

/**
 * Inline JSON, whose paths are relative to the current folder, or the path of a file.
 *
 * @throws EspalierError `invalid-argument` for inline JSON that is not a data block
 */
export function readDataOption(text: string): object | string {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return parseDataSpec(text, '--data');
  } catch (error) {
    throw asWrongUsage(error, 'invalid-data');
  }
}
