/** The recipes in `examples/guide` against the schema, the tree and the published tables. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { architectureNames } from '../../../src/core/models/architectures.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';
import { requireRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { selectNodes } from '../../../src/core/tree/select-nodes.ts';
import { flattenTree } from '../../../src/shared/tree.ts';
import { readStudies } from '../../../scripts/results/studies.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'examples', 'guide');
const recipes = readdirSync(folder).filter((name) => name.endsWith('.espalier.json'));
const read = (name: string) => requireRecipe(readFileSync(join(folder, name), 'utf8'), name);
const studies = readStudies(root);

describe('recipes of the guide', () => {
  it.each(recipes)('%s is valid, and every node that it names is in its tree', (name) => {
    const recipe = read(name);
    const { root: tree } = planTree(recipe.techniques, { controls: recipe.controls ?? false });
    const chosen = recipe.nodes === undefined ? tree : selectNodes(tree, recipe.nodes);
    const nodes = flattenTree(chosen).map(({ node }) => node.id);
    for (const node of Object.keys(recipe.reference ?? {})) expect(nodes).toContain(node);
  });

  it.each(recipes)('%s names data blocks that are there', (name) => {
    const { data } = read(name);
    if (typeof data === 'string') expect(JSON.parse(readFileSync(join(folder, data), 'utf8'))).toHaveProperty('format');
    else expect(data).toHaveProperty('format');
  });

  it('cover every row of the published tables, and every recipe is measured or listed as not run', () => {
    const planned = [...studies.studies.map(({ recipe }) => recipe), ...studies.notRun.map(({ recipe }) => recipe)];
    expect(planned.sort()).toEqual([...recipes].sort());
  });

  it('give the figures that the guide gives', () => {
    const { reference } = read('pqat-ds-cnn-l.espalier.json');
    expect(reference?.['pruned/pqat']).toMatchObject({
      simulatedTop1: 0.94128,
      deployedTop1: 0.9413,
      rawBytes: 512_032,
      compressedBytes: 303_997,
    });
    // The guide's own percentages follow from its bytes.
    const saved = (id: string): number => 1 - (reference?.[id]?.compressedBytes ?? 0) / (reference?.[id]?.rawBytes ?? 1);
    expect(['ptq', 'pruned/ptq', 'qat', 'pruned/pqat'].map((id) => (100 * saved(id)).toFixed(2))).toEqual([
      '17.66',
      '36.73',
      '21.27',
      '40.63',
    ]);
  });

  it('are run from baselines that `espalier create` can make', () => {
    for (const { baselines = [], recipe } of studies.studies) {
      const paths = read(recipe).models?.map(({ path }) => path) ?? [read(recipe).model];
      for (const file of baselines) {
        expect(paths).toContain(file);
        expect(architectureNames).toContain(studies.baselines[file]?.create[0]);
      }
    }
  });
});
