import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import type { RecipePreset, WriteRecipe } from '../../../shared/protocol.ts';
import type { ParetoSearch, Targets } from '../../../shared/recipe/targets.ts';
import { writeFileAtomically } from '../store/atomic-files.ts';

/** Training of the preset for a first impression. */
export const quickTraining = { epochs: 1 } as const;

/** Writes a first recipe with comments on what can be changed; by default next to the model. */
export async function writeRecipe({
  model,
  data,
  output,
  targets,
  inputShape,
  preset = 'full',
  search,
}: WriteRecipe): Promise<{ readonly path: string }> {
  const file = output ?? path.join(path.dirname(model), `${path.basename(model).replace(/\.[^.]+$/, '')}.espalier.json`);
  if (preset === 'until-targets' && Object.keys(targets ?? {}).length === 0) {
    throw new EspalierError('invalid-argument', 'the preset "until-targets" needs targets', {
      where: 'targets',
      fix: 'give an accuracy drop, a size or a latency',
    });
  }
  const folder = path.dirname(path.resolve(file));
  const relative = (target: string): string => path.relative(folder, path.resolve(target)).split(path.sep).join('/');
  const lines = [
    '{',
    '  // The trained model: Keras .h5 or .keras, a TFJS layers model.json, a SavedModel with a Keras config, an .onnx, or a float .tflite.',
    `  "model": ${JSON.stringify(relative(model))},`,
    ...(inputShape === undefined
      ? []
      : [
          '  // The model leaves the size of its input open: this is what the device will see.',
          `  "inputShape": ${JSON.stringify(inputShape)},`,
        ]),
    '  // Training examples fine-tune, test examples measure. Inputs must be scaled as in the training of the model.',
    `  "data": ${indent(typeof data === 'string' ? relative(data) : data)},`,
    ...(search === undefined ? treeLines(preset, targets) : searchLines(search)),
    '  "seed": 0',
    '}',
    '',
  ];
  await writeFileAtomically(file, lines.join('\n'));
  return { path: path.resolve(file) };
}

/** Settings of layers are chosen for each budget: what a technique does is no question then. */
function searchLines(search: ParetoSearch): readonly string[] {
  return [
    '  // For each budget the settings of every layer are chosen, trained for a while, and the best trained longer.',
    `  "strategy": ${indent(search)},`,
  ];
}

function treeLines(preset: RecipePreset, targets: Targets | undefined): readonly string[] {
  return [
    ...(targets === undefined
      ? ['  // What a file must reach to be shipped, such as { "accuracyDrop": 0.01, "compressedBytes": 20000 }.', '  // "targets": {},']
      : [`  "targets": ${indent(targets)},`]),
    '  // "full" runs every node; "until-targets" goes only as deep as the targets need.',
    `  "strategy": ${JSON.stringify(preset === 'until-targets' ? 'until-targets' : 'full')},`,
    ...(preset === 'quick'
      ? [
          '  // A first impression: short training, no latency.',
          `  "training": { "epochs": ${quickTraining.epochs} },`,
          '  "measure": { "latency": false },',
        ]
      : []),
    '  // Every technique has defaults; a list of options grows one branch for each.',
    '  "techniques": {',
    '    "pruning": { "sparsity": 0.5 },',
    '    "clustering": { "clusters": 16 },',
    '    "sparsityPreservingClustering": { "clusters": 16 }',
    '  },',
  ];
}

function indent(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll('\n', '\n  ');
}
