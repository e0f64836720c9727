import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { registerInit } from '../../../src/cli/commands/init.ts';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { writeRecipe } from '../../../src/core/tree/operations/write-recipe.ts';
import { parseRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runCli } from '../../support/run-cli.ts';

const digits = { format: 'generated', set: 'digits', trainSize: 60, testSize: 40 };
let folder: string;
let model: string;
let recipe: string;

beforeEach(() => {
  folder = temporaryFolder();
  model = path.join(folder, 'model.json');
  recipe = path.join(folder, 'model.espalier.json');
  const { json, weights } = writeTfjsLayers(mnistCnn({ seed: 0 }));
  writeFileSync(model, json);
  writeFileSync(path.join(folder, 'weights.bin'), weights);
});

async function init(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly warnings: string[] }> {
  const { code, out, err } = await runCli([registerInit], ['init', ...args]);
  return { code, out, warnings: err.split('\n').filter((line) => line.startsWith('warning: ')) };
}

describe('espalier init', () => {
  it('writes a recipe that is right next to the model, without a warning', async () => {
    expect(await init(model, '--data', JSON.stringify(digits))).toEqual({ code: 0, out: `${recipe}\n`, warnings: [] });
    expect(parseRecipe(readFileSync(recipe, 'utf8'))).toMatchObject({ recipe: { model: 'model.json', data: digits }, diagnostics: [] });
  });

  const nowhere = JSON.stringify({ format: 'idx', folder: 'nowhere' });
  it.each<readonly [string, string, string, readonly RegExp[]]>([
    ['a file of data', 'model.json', 'no-data.json', [/line 5, column 11: data: there is no file "[^"]*no-data\.json"; correct the path/]],
    ['a folder of data', 'model.json', nowhere, [/: data\.folder: there is no folder "\S*nowhere"; correct the path/]],
    ['the model', 'modle.json', JSON.stringify(digits), [/: model: there is no file "modle\.json"; did you mean "model\.json"\?/]],
    [
      'the model and its data',
      'modle.json',
      nowhere,
      [/: model: there is no file "modle\.json"/, /: data\.folder: there is no folder "\S*nowhere/],
    ],
  ])('writes it and warns where there is no such thing: %s', async (_, file, data, expected) => {
    const output = path.join(folder, 'made.espalier.json');
    const { code, out, warnings } = await init(path.join(folder, file), '--data', data, '-o', output);
    expect([code, out]).toEqual([0, `${output}\n`]);
    expect(parseRecipe(readFileSync(output, 'utf8')).diagnostics).toEqual([]);
    expect(warnings).toHaveLength(expected.length);
    expected.forEach((message, index) => expect(warnings[index]).toMatch(message));
  });

  it('warns of a format that does not exist, once', async () => {
    const { code, warnings } = await init(model, '--data', '{ "format": "idz" }');
    expect(code).toBe(0);
    expect(warnings).toEqual([expect.stringMatching(/data\.format: "idz" is not one of "idx", /)]);
  });

  it('writes a search from a budget for those who ask for one, which is right too', async () => {
    const search = { kind: 'pareto', minutes: 20, budgets: [{ compressedBytes: 60_000, accuracyDrop: 0.01 }] } as const;
    const { path: written } = await writeRecipe({ model, data: digits, search });
    const parsed = parseRecipe(readFileSync(written, 'utf8'));
    expect(parsed).toMatchObject({ recipe: { strategy: search }, diagnostics: [] });
    // The search chooses what techniques do.
    expect(parsed.recipe).not.toHaveProperty('techniques');
  });
});
