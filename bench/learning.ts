/**
 * Training from scratch on published data: loss and accuracy of each epoch and the test set's top-1 after it. Beside it
 * PyTorch, where python3 has it, from the same weights on the same batches in the same order.
 *
 * `ESPALIER_TEST_DATA=... npm run bench -- learning [mnist | cifar10 | cifar10-mobilenet | fsdd] [seed] [epochs] [examples] [alone]`
 */
import { createEngine } from '../src/core/engine/create-engine.ts';
import type { Engine } from '../src/core/engine/engine.ts';
import { evaluateNetwork } from '../src/core/measure/evaluate-network.ts';
import type { Network } from '../src/core/network/network.ts';
import { fineTune } from '../src/core/train/fine-tune.ts';
import { trainedNetwork, trainedParameters } from '../src/core/train/trained-parameters.ts';
import type { CurvePoint } from '../src/shared/results.ts';
import { learnInPyTorch } from './learning/pytorch.ts';
import { batchSize, openRecipe, recipes, type Recipe, type RecipeData } from './learning/recipes.ts';
import { findPython } from './train-step/pytorch.ts';

interface Length {
  readonly seed: number;
  readonly epochs: number;
}

export async function run([name = 'mnist', seed = '0', epochs, examples, alone]: readonly string[]): Promise<void> {
  const folder = process.env['ESPALIER_TEST_DATA'];
  if (folder === undefined) {
    console.log('learning: left out, for ESPALIER_TEST_DATA does not name the folder of test data');
    return;
  }
  const recipe = recipes[name];
  if (recipe === undefined) throw new Error(`there is no recipe "${name}"; have: ${Object.keys(recipes).join(', ')}`);
  const length = { seed: Number(seed), epochs: Number(epochs ?? recipe.epochs) };
  const data = await openRecipe(recipe, folder, length.seed, Number(examples ?? Infinity));
  const network = recipe.build(length.seed);
  console.log(
    `${name}, ${network.name} from scratch, seed ${seed}: ${data.train.size} training and ${data.test.size} test examples, Adam ${recipe.rate}, batches of ${batchSize}`,
  );
  await learnHere(await createEngine({ name: 'onnxruntime-node', threads: 1 }), network, recipe, data, length);
  if (alone === 'alone') return;
  const python = findPython();
  if (python === undefined) console.log('PyTorch is left out: python3 has no module torch');
  else await learnInPyTorch(python, network, recipe, data, length);
}

async function learnHere(engine: Engine, network: Network, recipe: Recipe, data: RecipeData, { seed, epochs }: Length): Promise<void> {
  console.log(`${engine.description}:`);
  const { signal } = new AbortController();
  const perEpoch = Math.ceil(data.train.size / batchSize);
  const parameters = trainedParameters(network, 'training', new Set());
  let started = performance.now();
  const report = async (trained: Network, step: number, curve: readonly CurvePoint[]): Promise<void> => {
    const seconds = (performance.now() - started) / 1000;
    const { top1 = 0 } = await evaluateNetwork({ engine, network: trained, data: data.test, signal });
    const points = curve.filter((point) => point.step > step - perEpoch && point.step <= step);
    const mean = (value: (point: CurvePoint) => number): number => points.reduce((sum, point) => sum + value(point), 0) / points.length;
    const epoch = step / perEpoch;
    const [loss, accuracy] = [mean((point) => point.loss), mean((point) => point.accuracy ?? NaN)];
    console.log(JSON.stringify({ epoch, loss, accuracy, test: top1, seconds }));
    started = performance.now();
  };
  const tuned = await fineTune({
    engine,
    network,
    constraints: new Map(),
    train: data.train,
    validation: undefined,
    loss: { kind: 'crossEntropy' },
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    learningRate: { kind: 'constant', rate: recipe.rate },
    epochs,
    batchSize,
    seed,
    batchNorm: 'training',
    checkpoint: {
      everySteps: perEpoch,
      save: ({ step, tensors, curve }) => report(trainedNetwork(network, parameters, new Map(), tensors).network, step, curve),
    },
    signal,
    onProgress: () => undefined,
  });
  await report(tuned.network, tuned.steps, tuned.curve);
}
