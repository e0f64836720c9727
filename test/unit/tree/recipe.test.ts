import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRecipe, requireRecipe } from '../../../src/core/tree/recipe/parse-recipe.ts';
import { generateSchema, schemas } from '../../../scripts/generate-schema.mjs';

const data = '"data": { "format": "generated", "set": "digits" }';
const findings = (text: string): readonly (readonly [string, string, string])[] =>
  parseRecipe(text).diagnostics.map(({ code, message, path }) => [code, path.join('.'), message]);

describe('the recipe', () => {
  it('needs two lines', () => {
    expect(parseRecipe(`{ "model": "m.h5",\n${data} }`)).toMatchObject({
      recipe: { model: 'm.h5', data: { format: 'generated', set: 'digits' } },
      diagnostics: [],
    });
  });

  it('gives inputs of open size a shape, one or a list of them', () => {
    for (const inputShape of [
      [3, 224, 224],
      [[3, 224, 224], [10]],
    ])
      expect(parseRecipe(`{ "model": "m.onnx", "inputShape": ${JSON.stringify(inputShape)}, ${data} }`)).toMatchObject({
        recipe: { inputShape },
        diagnostics: [],
      });
  });

  it('may hold comments and trailing commas', () => {
    expect(parseRecipe(`{ // a comment\n "model": "m.h5", ${data}, }`).recipe?.model).toBe('m.h5');
  });

  it.each([
    [
      '{ "model": ',
      [
        ['syntax', '', 'value expected'],
        ['syntax', '', 'close brace expected'],
      ],
    ],
    [`{ "model": "m", "sede": 1, ${data} }`, [['unknown-field', 'sede', 'there is no field "sede" here; did you mean "seed"?']]],
    [
      `{ "model": "m", ${data}, "techniques": { "pruning": { "sparsity": 1 } } }`,
      [['out-of-range', 'techniques.pruning.sparsity', '1 is out of range: it must be at least 0 and below 1']],
    ],
    [
      `{ "model": "m", ${data}, "techniques": { "clustering": [{ "clusters": 2.5 }] } }`,
      [['wrong-type', 'techniques.clustering.0.clusters', 'expected an integer, found a number']],
    ],
    ['{ "model": "m", "data": { "format": "idz", "folder": "x" } }', [['out-of-range', 'data.format', '"idz" is not one of']]],
    ['{ "model": "m", "data": { "folder": "x" } }', [['missing-field', 'data', '"format" is missing']]],
    [`{ ${data} }`, [['missing-field', '', '"model" is missing: the path of the trained model']]],
    ['{ "model": "m" }', [['missing-field', '', '"data" is missing: a data block, or the path of a file with one']]],
    [
      `{ "model": "m", ${data}, "strategy": "until-targets" }`,
      [['contradiction', 'strategy', 'the strategy "until-targets" needs "targets"']],
    ],
    [
      `{ "model": "m", ${data}, "techniques": { "pruning": { "structure": { "kind": "groups", "zeros": 4, "group": 2 } } } }`,
      [
        [
          'contradiction',
          'techniques.pruning.structure',
          '4 zeros in each 2 weights is not a pattern; give whole numbers with fewer zeros than weights, such as 2 in 4',
        ],
      ],
    ],
    [
      `{ "model": "m", ${data}, "techniques": { "pruning": [{}, { "structure": { "kind": "groups", "zeros": 2, "group": 2 } }] } }`,
      [['contradiction', 'techniques.pruning.1.structure', '2 zeros in each 2 weights is not a pattern']],
    ],
    [
      `{ "model": "m", ${data}, "techniques": { "pruning": { "structure": { "kind": "blocks", "size": [1.5, 4] } } } }`,
      [['contradiction', 'techniques.pruning.structure', 'blocks of 1.5 x 4 are not whole numbers above 0; give rows and columns']],
    ],
    [
      `{ "model": "m", ${data}, "layers": [{ "pattern": "dense", "activations": "int4" }] }`,
      [['out-of-range', 'layers.0.activations', '"int4" is not one of "int8", "int16"']],
    ],
    [
      `{ "model": "m", ${data}, "techniques": { "qat": { "layers": [{ "pattern": "dense", "activations": 16 }] } } }`,
      [['out-of-range', 'techniques.qat.layers.0.activations', '16 is not one of "int8", "int16"']],
    ],
    [
      `{ "model": "m", ${data}, "strategy": { "kind": "pareto", "steps": 600, "budgets": [{ "compressedBytes": 9 }] },
        "layers": [{ "pattern": "a", "exclude": ["pruning"] }, { "pattern": "b", "clusters": 4 }] }`,
      [['contradiction', 'layers.1.clusters', 'the strategy "pareto" chooses "clusters" of each layer itself: leave it out']],
    ],
    [
      `{ "model": "m", ${data}, "deploy": { "pack": "off" }, "measure": { "latency": false },
        "strategy": { "kind": "pareto", "steps": 600, "budgets": [{ "packedBytes": 9, "latencyMilliseconds": 1, "cycles": 5 }] } }`,
      [
        ['contradiction', 'strategy', '"packedBytes" is measured on packed files, which "pack": "off" of "deploy" leaves out'],
        ['contradiction', 'strategy', '"latencyMilliseconds" is not measured with "latency": false'],
        ['contradiction', 'strategy', '"cycles" is counted for a device: name one by "board" or "target"'],
      ],
    ],
    [`{ "model": "m", ${data}, "strategy": "ful" }`, [['out-of-range', 'strategy', '"ful": expected']]],
  ])('says what is wrong with %s', (text, expected) => {
    const found = findings(text);
    expect(found.map(([code, path]) => [code, path])).toEqual(expected.map(([code, path]) => [code, path]));
    expected.forEach(([, , message], index) => expect(found[index]?.[2]).toContain(message));
  });

  it('names line and column of every mistake', () => {
    expect(() =>
      requireRecipe(`{\n  "model": "m",\n  ${data},\n  "seed": -1,\n  "engine": { "threads": "two" }\n}`, 'a.espalier.json'),
    ).toThrow(
      'a.espalier.json: line 4, column 11: seed: -1 is out of range: it must be at least 0\n  line 5, column 26: engine.threads: expected an integer, found a string',
    );
  });
});

describe('the schemas', () => {
  it.each(schemas)('$title is the one that the types give: run `node scripts/generate-schema.mjs` after changing them', (schema) => {
    expect(readFileSync(schema.file, 'utf8')).toBe(generateSchema(schema));
  });
});
