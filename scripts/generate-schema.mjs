// The recipe's JSON schema from its types: `node scripts/generate-schema.mjs` writes schemas/recipe.schema.json.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
export const schemaFile = path.join(root, 'schemas', 'recipe.schema.json');

export function generateSchema() {
  const schema = createGenerator({
    path: path.join(root, 'src/core/tree/recipe/recipe-document.ts'),
    tsconfig: path.join(root, 'tsconfig.json'),
    type: 'RecipeDocument',
    expose: 'all',
    skipTypeCheck: true,
    sortProps: false,
  }).createSchema('RecipeDocument');
  return `${JSON.stringify({ title: 'Espalier recipe', ...schema }, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(schemaFile, generateSchema());
