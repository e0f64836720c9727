import path from 'node:path';
import { readDataSpec, type LocatedDataSpec } from '../../data/read-data-spec.ts';
import { checkDataSpec } from './check-data-spec.ts';

/**
 * A data block, or the path of a file with one, checked field by field.
 *
 * @param folder what the path, or the paths of a block, are relative to
 * @throws EspalierError `file-access` or `invalid-data`, with the file and the field
 */
export async function readDataBlock(data: object | string, folder: string): Promise<LocatedDataSpec> {
  const located = await readDataSpec(data, folder);
  checkDataSpec(located.spec, typeof data === 'string' ? path.resolve(folder, data) : undefined);
  return located;
}
