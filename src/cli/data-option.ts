import { parseDataSpec, readDataSpec, type LocatedDataSpec } from '../core/data/read-data-spec.ts';

export const dataOptionHelp = 'data block as JSON, or a JSON file that holds one';

/** Inline JSON has its paths relative to the current folder, a file to the folder that it lies in. */
export async function readDataOption(text: string): Promise<LocatedDataSpec> {
  return text.trimStart().startsWith('{') ? { spec: parseDataSpec(text, '--data'), folder: process.cwd() } : readDataSpec(text, process.cwd());
}
