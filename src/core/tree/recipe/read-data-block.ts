import { parseTree } from 'jsonc-parser';
import path from 'node:path';
import schema from '../../../../schemas/recipe.schema.json' with { type: 'json' };
import { readDataSpec, type LocatedDataSpec } from '../../data/read-data-spec.ts';
import type { DataSpec } from '../../data/spec/data-spec.ts';
import { EspalierError } from '../../errors.ts';
import type { JsonSchema } from './schema-check.ts';
import { checkAgainstSchema } from './schema-check.ts';

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

/** Reported at once, so that a file can be corrected in one pass. */
const mostMistakes = 10;

/**
 * Checks the fields of a data block that is not part of a recipe.
 *
 * @param file that holds the block, for messages; undefined for one that is given as it stands
 * @throws EspalierError `invalid-data` for fields that do not exist, are missing, or have the wrong type or range
 */
function checkDataSpec(spec: DataSpec, file?: string): void {
  const root = parseTree(JSON.stringify(spec));
  const { definitions }: JsonSchema = schema;
  const block: JsonSchema = { $ref: '#/definitions/DataSpec', definitions };
  const found = root === undefined ? [] : checkAgainstSchema(root, block);
  const [first, ...others] = found.slice(0, mostMistakes);
  if (first === undefined) return;
  const field = (path: readonly (string | number)[]): string => ['data', ...path].join('.');
  const more = others.map(({ path, message }) => `\n  ${field(path)}: ${message}`).join('');
  throw new EspalierError('invalid-data', `${first.message}${more}`, {
    where: file === undefined ? field(first.path) : `${file}, ${field(first.path)}`,
    fix: 'correct the data block (docs/cli.md lists the formats)',
  });
}
