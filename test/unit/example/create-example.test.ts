import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { openData } from '../../../src/core/data/open-data.ts';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { createExample, type CreateExampleOptions } from '../../../src/core/example/create-example.ts';
import { exampleTexts } from '../../../src/core/example/example-files.ts';
import { importModel } from '../../../src/core/import/import-model.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import type { Recipe } from '../../../src/shared/recipe/recipe.ts';

const examples = fileURLToPath(new URL('../../../examples/digits', import.meta.url));
let folder = '';
let engine: Engine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-example-'));
  engine = await createEngine({ threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<CreateExampleOptions> = {}): CreateExampleOptions => ({
  engine,
  epochs: 1,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...more,
});

describe('the example project', () => {
  it('holds a model that scores on its data as announced, and a recipe that names both; other files stay', async () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'mine.txt'), 'mine');
    const { recipe, files, accuracy } = await createExample(project, options({ force: true }));
    expect(files.every((file) => existsSync(file))).toBe(true);
    expect(files.at(-1)).toBe(recipe);
    const { model, data }: Recipe = JSON.parse(readFileSync(recipe, 'utf8'));
    const spec: DataSpec = JSON.parse(readFileSync(join(project, String(data)), 'utf8'));
    const { network } = await importModel(join(project, String(model)));
    const { test } = await openData(spec, project, { seed: 0, modelInputs: [{ name: 'input', shape: [28, 28, 1] }] });
    const again = await evaluateNetwork({ engine, network, data: test });
    expect(again.top1).toBe(accuracy.top1);
    expect(readdirSync(project).sort()).toEqual(['README.md', 'digits', 'digits.data.json', 'digits.espalier.json', 'mine.txt']);
  });

  it('leaves a folder with files alone, unless forced', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    await expect(createExample(folder, options())).rejects.toThrow(/not empty.*mine\.txt.*--force/);
    await expect(createExample(join(folder, 'mine.txt'), options())).rejects.toThrow(/a file, not a folder/);
    expect(existsSync(join(folder, 'digits.espalier.json'))).toBe(false);
  });

  it('writes nothing when cancelled', async () => {
    const controller = new AbortController();
    const project = join(folder, 'cancelled');
    const making = createExample(project, options({ signal: controller.signal, onProgress: () => controller.abort() }));
    await expect(making).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(project)).toBe(false);
  });

  it('is what examples/digits shows', () => {
    for (const [name, text] of exampleTexts(0)) expect(readFileSync(join(examples, name), 'utf8'), name).toBe(text);
  });
});
