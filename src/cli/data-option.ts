import { parseDataSpec } from '../core/data/read-data-spec.ts';

export const dataOptionHelp = 'data block as JSON, or a JSON file that holds one';

/** Inline JSON, whose paths are relative to the current folder, or the path of a file. */
export function readDataOption(text: string): object | string {
  return text.trimStart().startsWith('{') ? parseDataSpec(text, '--data') : text;
}
