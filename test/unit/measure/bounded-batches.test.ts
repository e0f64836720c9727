/** What runs over examples takes as many at once as fit into a bound, whatever their size. */
import { expect, it } from 'vitest';
import type { DataSet } from '../../../src/core/data/dataset.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { evaluateNetwork } from '../../../src/core/measure/evaluate-network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Program } from '../../../src/core/program/program.ts';
import { correctBiases } from '../../../src/core/techniques/post-training/correct-biases.ts';
import { seededParameter } from '../train/training-fixtures.ts';

const b = new NetworkBuilder('large images');
// 512 x 512 x 8 values are 8 MB an example.
let x = b.conv2d('first', b.input([512, 512, 1]), { kernel: seededParameter([8, 1, 1, 1], 1) });
x = b.conv2d('second', x, { kernel: seededParameter([1, 1, 1, 8], 2) });
const network = b.build([x]);
const data: DataSet = {
  name: 'test',
  size: 1000,
  inputShapes: [[512, 512, 1]],
  target: { kind: 'regression', size: 512 * 512 },
  read: () => Promise.reject(new Error('nothing is read')),
};

/** Examples at once of the program that is compiled; nothing is run. */
async function batchOf(work: (engine: Engine, signal: AbortSignal) => Promise<unknown>): Promise<number> {
  const programs: Program[] = [];
  const engine: Engine = {
    name: 'onnxruntime-node',
    description: 'compiles nothing',
    threads: 1,
    compile: (program) => {
      programs.push(program);
      return Promise.resolve({ run: () => Promise.reject(new Error('nothing is run')), dispose: () => Promise.resolve() });
    },
  };
  await expect(work(engine, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  const [only] = programs;
  const input = only?.instructions.find((instruction) => instruction.op === 'input');
  return input?.output.shape[0] ?? 0;
}

it('an evaluation', async () => {
  // Input, values of both convolutions, and the output twice: of 100 examples more than 1 GB, of 25 a quarter.
  expect(await batchOf((engine, signal) => evaluateNetwork({ engine, network, data, signal }))).toBeLessThanOrEqual(50);
});

it('a correction of biases, which the inputs of all kernels leave the engine for', async () => {
  const quantized = { network, weights: new Map(), activations: new Map(), activationType: 'int8' } as const;
  expect(await batchOf((engine, signal) => correctBiases(quantized, { engine, data, samples: 100, signal }))).toBeLessThanOrEqual(16);
});
