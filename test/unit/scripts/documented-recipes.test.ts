/** The examples, and parts of recipes in the documents, against the schema; and whether docs/recipe.md has every field. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTree, type ParseError } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import schema from '../../../schemas/recipe.schema.json' with { type: 'json' };
import { parseRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { checkAgainstSchema, type JsonSchema } from '../../../src/core/tree/recipe/schema-check.ts';
import { codeOf, documentPages, jsonOf, readPage } from '../../support/documents.ts';

const { definitions = {} }: JsonSchema = schema;
const objects = Object.values(definitions)
  .flatMap((definition) => [definition, ...(definition.anyOf ?? [])])
  .filter(({ properties }) => properties !== undefined);

/** Undefined for what some object of a recipe may be, or a part of it; else what is wrong with it. */
function mistakeIn(json: string): string | undefined {
  const errors: ParseError[] = [];
  const node = parseTree(json, errors, { allowTrailingComma: true });
  if (node === undefined || errors.length > 0) return `no JSON: ${json}`;
  const findings = objects.map((object) =>
    checkAgainstSchema(node, { ...object, definitions }).filter(({ code }) => code !== 'missing-field'),
  );
  return findings.some((found) => found.length === 0) ? undefined : json;
}

/** The configuration of a client of the Model Context Protocol. */
const isOther = (json: string): boolean => json.includes('"mcpServers"');

describe('recipes in the documents', () => {
  it.each(documentPages)('%s: every part of a recipe has fields and values that the schema allows', (page) => {
    const parts = codeOf(readPage(page)).flatMap(jsonOf);
    expect(parts.filter((json) => !isOther(json)).flatMap((json) => mistakeIn(json) ?? [])).toEqual([]);
  });

  it('are found in text, fenced and indented blocks, several in one', () => {
    const text = [
      'Set `"sparsity": 2` or `{ "clusters": 8 }`.',
      '',
      '    espalier evaluate m.h5 --data \'{ "format": "idx", "folder": "a}" }\'',
      '',
      '```jsonc',
      '{ "seed": 1 }',
      '// The second.',
      '{ "sede": 1 }',
      '```',
    ].join('\n');
    const parts = codeOf(text).flatMap(jsonOf);
    expect(parts).toEqual([
      '{ "seed": 1 }',
      '{ "sede": 1 }',
      '{ "format": "idx", "folder": "a}" }',
      '{"sparsity": 2}',
      '{ "clusters": 8 }',
    ]);
    expect(parts.flatMap((json) => mistakeIn(json) ?? [])).toEqual(['{ "sede": 1 }', '{"sparsity": 2}']);
  });
});

const examples = readdirSync('examples', { recursive: true, encoding: 'utf8' }).map((name) => path.join('examples', name));

it.each(examples.filter((file) => file.endsWith('.espalier.json')))('%s is a valid recipe', (file) => {
  expect(parseRecipe(readFileSync(file, 'utf8')).diagnostics).toEqual([]);
});

it.each(examples.filter((file) => file.endsWith('.data.json')))('%s is a valid data block', (file) => {
  const text = readFileSync(file, 'utf8');
  expect(mistakeIn(text)).toBeUndefined();
  expect(text).toContain('"format"');
});

it('docs/recipe.md names every field of a recipe', () => {
  const code = codeOf(readPage('docs/recipe.md'));
  const named = new Set(code.flatMap((piece) => piece.match(/\$?\w+/g) ?? []));
  // What jobs of Slurm ask for is in docs/slurm.md.
  const elsewhere = new Set(codeOf(readPage('docs/slurm.md')).flatMap((piece) => piece.match(/\w+/g) ?? []));
  const fields = Object.entries(definitions).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties).filter((field) => !(name === 'SlurmExecution' ? elsewhere : named).has(field)),
  );
  expect([...new Set(fields)]).toEqual([]);
});
