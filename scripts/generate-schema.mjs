// The JSON schemas of recipes and of JSON reports from their types: `node scripts/generate-schema.mjs` writes them to schemas/.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export const schemas = [
  {
    title: 'Espalier recipe',
    file: path.join(root, 'schemas', 'recipe.schema.json'),
    types: 'src/core/tree/recipe/recipe-document.ts',
    type: 'RecipeDocument',
  },
  {
    title: 'Espalier report',
    file: path.join(root, 'schemas', 'report.schema.json'),
    types: 'src/shared/run-report.ts',
    type: 'RunReport',
  },
];

export function generateSchema({ title, types, type }) {
  const schema = createGenerator({
    path: path.join(root, types),
    tsconfig: path.join(root, 'tsconfig.json'),
    type,
    expose: 'all',
    skipTypeCheck: true,
    sortProps: false,
  }).createSchema(type);
  return `${JSON.stringify({ title, ...schema }, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const schema of schemas) writeFileSync(schema.file, generateSchema(schema));
