/** The text files of the example project: a function of the seed alone. */
import type { Recipe } from '../../shared/recipe/recipe.ts';
import type { GeneratedDataSpec } from '../data/spec/generated-spec.ts';

export const exampleModel = 'digits/model.json';
export const exampleWeights = 'digits/weights.bin';
export const exampleData = 'digits.data.json';
export const exampleRecipe = 'digits.espalier.json';

export function digitsData(seed: number): GeneratedDataSpec {
  return { format: 'generated', set: 'digits', trainSize: 1000, testSize: 1000, generatorSeed: seed };
}

/** Every node of the tree, with stages short enough for a first look: about half a minute of processor time. Batches of 100 leave no smaller last one, which would be compiled as well. */
function digitsRecipe(seed: number): Recipe {
  return {
    model: exampleModel,
    data: exampleData,
    training: { epochs: 2, batchSize: 100 },
    techniques: { pruning: { sparsity: 0.5 }, clustering: { clusters: 16 }, sparsityPreservingClustering: { clusters: 16 } },
    seed,
  };
}

/** By path relative to the project's folder, the recipe last. */
export function exampleTexts(seed: number): ReadonlyMap<string, string> {
  return new Map([
    [exampleData, formatJson(digitsData(seed))],
    ['README.md', readme],
    [exampleRecipe, formatJson(digitsRecipe(seed))],
  ]);
}

function formatJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

const readme = `# Digits

A small project to try Espalier with. Nothing is downloaded: the digits are drawn by a seeded generator, so what is
measured here says how the techniques behave, not how well anything reads handwriting.

- \`digits.espalier.json\`: the recipe. Prune half of each kernel, cluster to 16 values, and walk the whole deployment tree.
- \`digits.data.json\`: the data, 1,000 training and 1,000 test images of 28x28 pixels.
- \`digits/\`: the trained baseline as a TFJS layers model, a network of 16,746 parameters with a convolution, a depthwise
  separable block with batch norms, and a dense layer.

The baseline is trained, not shipped. Where \`digits/\` is missing, make it in this folder with

    espalier create-example . --force

Then run the recipe, from a terminal or with _Espalier: Run Recipe_ in VS Code:

    espalier run digits.espalier.json

Things to change next: \`sparsity\` to 0.8, \`clusters\` to 8, or \`"targets": { "accuracyDrop": 0.01 }\` with
\`"strategy": "until-targets"\`, which stops as soon as a file is good enough.
`;
