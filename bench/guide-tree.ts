/**
 * The guide's notebook network through the deployment tree on MNIST, from two Keras baselines: with the guide's recipes
 * against what TFMOT itself measured (mean of the seeds, node by node: INT8 top-1 in LiteRT at or above, gzip bytes at or
 * below), and with our default schedules against the float control (every leaf within 0.3 points).
 *
 * `ESPALIER_TEST_DATA=... npm run bench -- guide-tree [guide|defaults] [seeds]`
 */
import path from 'node:path';
import { inputsOf } from '../src/core/data/inputs/model-inputs.ts';
import { openData } from '../src/core/data/open-data.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { type MeasuredNode, percent } from './deployment-tree/measured-tree.ts';
import { tfmotNodes } from './deployment-tree/tfmot.ts';
import { type WalkOptions, walkTree } from './deployment-tree/walk-tree.ts';

const clusters = 8;
const constant = (learningRate: number) => ({ learningRate, learningRateSchedule: 'constant' }) as const;
const slowly = { epochs: 3, batchSize: 32, ...constant(1e-5) };
/** Keras's Adam: what a notebook trains with that names no rate. */
const kerasRate = constant(1e-3);

const recipes: Readonly<Record<string, WalkOptions>> = {
  guide: {
    fineTuning: slowly,
    pruning: { ...slowly, sparsity: 0.5, schedule: { kind: 'constant', begin: 0, frequency: 100 } },
    // Files are far smaller than TFMOT's as it is: half of the default price on bits, in favour of accuracy.
    clustering: { ...slowly, clusters, granularity: 'channel', rateWeight: 0.5 },
    sparsityPreservingClustering: { ...slowly, clusters, ...kerasRate, rateWeight: 0.5 },
    quantizationAwareTraining: { epochs: 1, batchSize: 128, ...kerasRate },
    plainControls: true,
  },
  defaults: { pruning: { sparsity: 0.5 }, clustering: { clusters }, sparsityPreservingClustering: { clusters }, plainControls: true },
};

/** Points of top-1 that a leaf may lose against the float control. */
const allowedLoss = 0.003;

export async function run(args: readonly string[]): Promise<void> {
  const folder = process.env['ESPALIER_TEST_DATA'];
  if (folder === undefined) {
    console.log('guide-tree: left out, for ESPALIER_TEST_DATA does not name the folder of test data');
    return;
  }
  const seeds = args.filter((argument) => /^\d+$/.test(argument)).map(Number);
  const names = args.filter((argument) => argument in recipes);
  for (const name of names.length > 0 ? names : Object.keys(recipes)) {
    const options = recipes[name];
    if (options === undefined) continue;
    const walks: MeasuredNode[][] = [];
    for (const seed of seeds.length > 0 ? seeds : [0, 1]) walks.push(await walk(folder, seed, name, options));
    printMeans(walks, name === 'guide');
  }
}

async function walk(folder: string, seed: number, name: string, options: WalkOptions): Promise<MeasuredNode[]> {
  const { network } = await importModel(path.join(folder, `models/h5/mnist_notebook_seed${seed}.h5`));
  const data = await openData({ format: 'idx', folder: 'mnist' }, folder, {
    seed,
    modelInputs: inputsOf(network),
  });
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  console.log(`\nmnist_notebook_seed${seed}, recipes: ${name}; ${engine.description}`);
  const nodes: MeasuredNode[] = [];
  await walkTree({ engine, data, seed }, network, options, (node) => {
    nodes.push(node);
    const kernels = node.weights.map(
      ({ zeros, uniqueValues, uniqueValuesPerChannel }) => `${zeros} zeros ${uniqueValues}(${uniqueValuesPerChannel})`,
    );
    console.log(
      `${node.name.padEnd(44)} ${node.precision} ${percent(node.top1)}  gzip ${node.gzip}  ${node.certificate.passed ? 'certified' : 'NOT CERTIFIED'}  ${node.trainingSeconds.toFixed(1)} s  ${node.precision === 'int8' ? kernels.join(', ') : ''}`,
    );
  });
  return nodes;
}

function printMeans(walks: readonly (readonly MeasuredNode[])[], againstTfmot: boolean): void {
  const meanOf = (name: string, value: (node: MeasuredNode) => number): number => {
    const nodes = walks.flatMap((nodes) => nodes.filter((node) => node.name === name));
    return nodes.reduce((sum, node) => sum + value(node), 0) / nodes.length;
  };
  const control = meanOf('float control', ({ top1 }) => top1);
  console.log(`\nmeans of ${walks.length} seeds; float control ${percent(control)}`);
  for (const [name, reference] of Object.entries(tfmotNodes)) {
    const top1 = meanOf(name, (node) => node.top1);
    const gzip = meanOf(name, (node) => node.gzip);
    const certified = walks.every((nodes) => nodes.every((node) => node.name !== name || node.certificate.passed));
    // Percentages of 10,000 examples have two digits; their means may differ in the last bit.
    const met = againstTfmot
      ? 100 * top1 >= reference.top1 - 1e-9 && gzip <= reference.gzip && certified
      : top1 >= control - allowedLoss && certified;
    const theirs = againstTfmot ? `TFMOT ${reference.top1.toFixed(3)}, ${reference.gzip}` : `control ${percent(top1 - control)}`;
    console.log(
      `${name.padEnd(28)} top-1 ${(100 * top1).toFixed(3)}  gzip ${gzip.toFixed(0).padStart(6)}  ${theirs.padEnd(24)} ${met ? 'met' : 'NOT MET'}`,
    );
  }
}
