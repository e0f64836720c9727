import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { checkRecipe } from '../../../src/core/tree/recipe/check-recipe.ts';
import { relocateData } from '../../../src/core/tree/recipe/relocate-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
  mkdirSync(path.join(folder, 'digits'));
  const { json, weights } = writeTfjsLayers(mnistCnn({ seed: 0 }));
  writeFileSync(path.join(folder, 'digits/model.json'), json);
  writeFileSync(path.join(folder, 'digits/weights.bin'), weights);
  writeFileSync(path.join(folder, 'broken.h5'), 'not a model');
});

const digits = { format: 'generated', set: 'digits', trainSize: 60, testSize: 40 };
const good = { model: 'digits/model.json', data: digits };
const findings = async (recipe: object) => {
  const text = JSON.stringify(recipe);
  return (await checkRecipe(text, folder)).map(({ code, severity, suggestions, offset, length }) => ({
    code,
    severity,
    suggestions,
    text: text.slice(offset, offset + length),
  }));
};

describe('checkRecipe', () => {
  it('finds nothing wrong with a good recipe', async () => {
    expect(await findings(good)).toEqual([]);
  });

  it.each([
    [{ model: 'digits/modle.json' }, 'missing-file', '"digits/modle.json"', ['digits/model.json']],
    [{ model: 'broken.h5' }, 'unreadable-model', '"broken.h5"', []],
    [{ nodes: ['pruned/pqta'] }, 'unknown-node', '"pruned/pqta"', ['pruned/ptq', 'pruned/pqat']],
    [{ layers: [{ pattern: 'conv3d', sparsity: 0.1 }] }, 'unknown-layer', '"conv3d"', ['conv2d']],
    [{ data: 'no.json' }, 'missing-file', '"no.json"', []],
    [{ data: { format: 'images', folder: 'nowhere' } }, 'missing-file', '"nowhere"', []],
    [{ data: { format: 'images', folder: 'digit' } }, 'missing-file', '"digit"', ['digits']],
    [{ data: { format: 'images', train: 'digits', test: 'digts' } }, 'unreadable-data', '"digits"', []],
    [{ data: { format: 'csv', file: 'broken.h6', target: 'x' } }, 'missing-file', '"broken.h6"', ['broken.h5']],
    [{ deploy: { board: 'pico-3' } }, 'out-of-range', '"pico-3"', ['pico-2']],
    [{ deploy: { target: 'cortex-m5' } }, 'out-of-range', '"cortex-m5"', ['cortex-m4']],
    [{ deploy: { target: 'cortex-m55+ethos-u55-127' } }, 'out-of-range', '"cortex-m55+ethos-u55-127"', ['cortex-m55+ethos-u55-128']],
    [{ data: { format: 'generated', set: 'table' } }, 'unreadable-data', '{"format":"generated","set":"table"}', []],
  ])('says what is wrong with %j', async (change, code, text, suggestions) => {
    const [first] = await findings({ ...good, ...change });
    expect(first).toMatchObject({ code, severity: 'error', text });
    expect(first?.suggestions.slice(0, suggestions.length)).toEqual(suggestions);
  });
});

describe('a board', () => {
  it('that the model fits is nothing to report; one that is too small is a warning, with what is missing and where', async () => {
    expect(await findings({ ...good, deploy: { board: 'nano-33-ble-sense' } })).toEqual([]);
    const { json, weights } = writeTfjsLayers(mobileNetV2({ inputSize: 160, classes: 10, alpha: 0.35, seed: 1 }));
    mkdirSync(path.join(folder, 'large'));
    writeFileSync(path.join(folder, 'large/model.json'), json);
    writeFileSync(path.join(folder, 'large/weights.bin'), weights);
    const text = JSON.stringify({ model: 'large/model.json', deploy: { board: 'nano-33-ble-sense' } });
    const found = (await checkRecipe(text, folder)).filter(({ code }) => code !== 'missing-field');
    expect(found.map(({ code, severity, offset, length }) => [code, severity, text.slice(offset, offset + length)])).toEqual([
      ['does-not-fit', 'warning', '"nano-33-ble-sense"'],
    ]);
    expect(found[0]?.message).toMatch(/^does not fit Arduino Nano 33 BLE Sense .*: [\d.]+ kB of RAM too much, at operator \S/);
  });
});

describe('a recipe with many mistakes', () => {
  it('has each told at its place, whatever else is wrong', async () => {
    const found = await findings({
      models: [
        { path: 'digits/model.json', nmae: 'a' },
        { path: 'digits/modle.json', data: digits },
        { path: 'broken.h5' },
        { path: 'digits/model.json', data: { format: 'images', folder: 'nowhere' } },
      ],
      data: digits,
      targets: { accuracyDrop: 2 },
      techniques: { prunning: { sparsity: 0.5 }, clustering: { clusters: 'many' } },
      layers: [{ pattern: 7 }, { pattern: 'conv3d', sparsity: 0.1 }],
      strategy: 'untl-targets',
      nodes: ['pruned/pqta'],
    });
    expect(found.map(({ code, text }) => [code, text])).toEqual([
      ['unknown-field', '"nmae"'],
      ['out-of-range', '2'],
      ['unknown-field', '"prunning"'],
      ['wrong-type', '"many"'],
      ['wrong-type', '7'],
      ['out-of-range', '"untl-targets"'],
      ['unknown-node', '"pruned/pqta"'],
      ['missing-file', '"digits/modle.json"'],
      ['unreadable-model', '"broken.h5"'],
      ['missing-file', '"nowhere"'],
      ['unknown-layer', '"conv3d"'],
    ]);
  });

  it.each([
    [{ models: [] }, 'contradiction', '[]'],
    [{ strategy: 'until-targets', targets: {} }, 'contradiction', '"until-targets"'],
    [
      { targets: { compressedBytes: 5_000 }, techniques: { ptq: false, qat: false, pqat: false, cqat: false, pcqat: false } },
      'contradiction',
      '{"compressedBytes":5000}',
    ],
  ])('contradictions are marked where they are: %j', async (change, code, text) => {
    expect(await findings({ ...good, ...change })).toMatchObject([{ code, text }]);
  });

  it('goes on behind a syntax error', async () => {
    const text = '{ "model": "digits/modle.json" "data": { "format": "generated", "set": "digits" } }';
    expect((await checkRecipe(text, folder)).map(({ code, offset }) => [code, text.slice(offset, offset + 7)])).toEqual([
      ['syntax', '"data":'],
      ['missing-file', '"digits'],
    ]);
  });
});

describe('the messages about files and nodes', () => {
  it('name paths as the recipe does, and what was meant', async () => {
    const message = async (change: object): Promise<string | undefined> =>
      (await checkRecipe(JSON.stringify({ ...good, ...change }), folder))[0]?.message;
    expect(await message({ data: { format: 'images', folder: 'digit' } })).toBe('there is no folder "digit"; did you mean "digits"?');
    expect(await message({ nodes: ['pruned/pqta'] })).toMatch(
      /^there is no node "pruned\/pqta"; did you mean "pruned\/ptq"\? use any of baseline, /,
    );
    // The folder is there, but holds no data: the finding stands at its name, without the path of this machine.
    const [empty] = await checkRecipe(JSON.stringify({ ...good, data: { format: 'images', folder: 'digits' } }), folder);
    expect(empty?.message).not.toContain(folder);
  });
});

describe('relocateData', () => {
  it('writes the paths that are there from the other folder, and nothing else', () => {
    const block = { format: 'digits', train: { inputs: 'digits/weights.bin', labels: 'missing.csv' }, shape: [2, 3] };
    expect(relocateData(block, folder, path.join(folder, 'runs/a'))).toEqual({
      format: 'digits',
      train: { inputs: '../../digits/weights.bin', labels: 'missing.csv' },
      shape: [2, 3],
    });
  });

  it.each<[string, object, object]>([
    [
      'names of arrays',
      { format: 'npz', file: 'broken.h5', trainInputs: 'digits' },
      { format: 'npz', file: '../broken.h5', trainInputs: 'digits' },
    ],
    [
      'names of columns',
      { format: 'csv', file: 'broken.h5', target: 'kind', features: ['digits'] },
      { format: 'csv', file: '../broken.h5', target: 'kind', features: ['digits'] },
    ],
    [
      'paths by input, whatever the input is called',
      { format: 'npy', trainInputs: { class: 'broken.h5', type: 'digits/weights.bin' } },
      { format: 'npy', trainInputs: { class: '../broken.h5', type: '../digits/weights.bin' } },
    ],
    [
      'paths by output, whatever the output is called',
      { format: 'npy', trainLabels: { class: 'broken.h5' }, testLabels: { target: 'digits/weights.bin' } },
      { format: 'npy', trainLabels: { class: '../broken.h5' }, testLabels: { target: '../digits/weights.bin' } },
    ],
    [
      'fields that are a path alone, though nothing is there',
      { format: 'idx', folder: 'missing', trainLabels: 'labels' },
      { format: 'idx', folder: '../missing', trainLabels: 'labels' },
    ],
    [
      'words of the preprocessing',
      { format: 'images', folder: 'digits', preprocessing: { normalise: 'digits' } },
      { format: 'images', folder: '../digits', preprocessing: { normalise: 'digits' } },
    ],
  ])('knows %s', (_, block, expected) => {
    expect(relocateData(block, folder, path.join(folder, 'runs'))).toEqual(expected);
  });
});
