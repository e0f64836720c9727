import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSet } from '../../src/core/data/dataset.ts';
import type { Network } from '../../src/core/network/network.ts';
import { parametersOf } from '../../src/core/network/operation-parameters.ts';
import { BatchOrder } from '../../src/core/train/batch-order.ts';
import { describeNetwork, pytorchEnvironment } from '../train-step/pytorch.ts';
import { batchSize, type Recipe, type RecipeData } from './recipes.ts';

/** The same recipe in PyTorch: weights, examples and their order are handed over in files. */
export async function learnInPyTorch(
  python: string,
  network: Network,
  recipe: Recipe,
  data: RecipeData,
  { seed, epochs }: { readonly seed: number; readonly epochs: number },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-learning-'));
  try {
    const described = describeNetwork(network);
    const operations = described.operations.map((operation, i) => ({
      ...operation,
      files: writeParameters(folder, network, i),
    }));
    writeFileSync(join(folder, 'network.json'), JSON.stringify({ ...described, operations, batchSize, epochs, rate: recipe.rate }));
    await writeExamples(folder, 'train', data.train);
    await writeExamples(folder, 'test', data.test);
    const order = new BatchOrder(data.train.size, batchSize, seed);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const steps = Array.from({ length: order.stepsPerEpoch }, (_, i) => [...order.indices(epoch * order.stepsPerEpoch + i + 1)]);
      writeFileSync(join(folder, `order${epoch}.u32`), Uint32Array.from(steps.flat()));
    }
    console.log('PyTorch, 1 thread:');
    const child = spawn(python, ['bench/learning/learn.py', folder, '1'], {
      env: pytorchEnvironment(1),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await new Promise((resolve) => child.once('exit', resolve));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** File names by the parameter's role in the operation: `kernel`, `bias`, `gamma`, `beta`. */
function writeParameters(folder: string, network: Network, index: number): Readonly<Record<string, string>> {
  const operation = network.operations[index];
  if (operation === undefined) return {};
  const files: Record<string, string> = {};
  for (const [role, id] of Object.entries(operation)) {
    if (typeof id !== 'string' || !parametersOf(operation).includes(id)) continue;
    const name = `${index}.${role}.f32`;
    writeFileSync(join(folder, name), network.parameters.get(id)?.data ?? new Float32Array(0));
    files[role] = name;
  }
  return files;
}

async function writeExamples(folder: string, name: string, data: DataSet): Promise<void> {
  const {
    inputs: [inputs = new Float32Array(0)],
    labels,
  } = await data.read(Uint32Array.from({ length: data.size }, (_, i) => i));
  writeFileSync(join(folder, `${name}.f32`), inputs);
  writeFileSync(join(folder, `${name}.i32`), labels);
}
