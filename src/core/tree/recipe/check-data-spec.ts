import { parseTree } from 'jsonc-parser';
import schema from '../../../../schemas/recipe.schema.json' with { type: 'json' };
import type { DataSpec } from '../../data/spec/data-spec.ts';
import { EspalierError } from '../../errors.ts';
import { checkAgainstSchema, type JsonSchema } from './schema-check.ts';

/**
 * Checks the fields of a data block that did not come with a recipe, which is checked as a whole.
 *
 * @throws EspalierError `invalid-data` for a field that does not exist, or has the wrong type or range
 */
export function checkDataSpec(spec: DataSpec): void {
  const root = parseTree(JSON.stringify(spec));
  const { definitions }: JsonSchema = schema;
  const block: JsonSchema = { $ref: '#/definitions/DataSpec', ...(definitions === undefined ? {} : { definitions }) };
  const [first] = root === undefined ? [] : checkAgainstSchema(root, block);
  if (first !== undefined)
    throw new EspalierError('invalid-data', first.message, {
      where: ['data', ...first.path].join('.'),
      fix: 'correct the data block (docs/cli.md lists the formats)',
    });
}
