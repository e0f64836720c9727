import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { reestimateBatchNorms } from '../../../src/core/techniques/reestimate-batch-norms.ts';
import { halves } from '../train/training-fixtures.ts';
import { residualNetwork, techniqueContext } from './technique-fixtures.ts';

const samples = 128;
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

function context() {
  const base = techniqueContext(engine);
  return { ...base, data: { ...base.data, train: halves(samples) } };
}

/** Layer by layer: the values in front of each batch norm with the statistics of those before it. */
async function oneAfterTheOther(network: Network): Promise<Network> {
  let current = network;
  const { inputs } = await context().data.train.read(
    Uint32Array.from({ length: samples }, (_, i) => i),
    0,
  );
  for (const operation of network.operations) {
    const [source] = operation.inputs;
    if (operation.kind !== 'batchNorm' || source === undefined) continue;
    const inference = await compileInference(engine, current, samples, { outputs: [source] });
    const [values = new Float32Array(0)] = await inference.run(inputs, samples);
    await inference.dispose();
    const channels = current.parameters.get(operation.mean)!.data.length;
    const rows = values.length / channels;
    const mean = new Float32Array(channels);
    const variance = new Float32Array(channels);
    for (let c = 0; c < channels; c++) {
      const channel = Array.from({ length: rows }, (_, i) => values[i * channels + c]!);
      const average = channel.reduce((sum, value) => sum + value, 0) / rows;
      mean[c] = average;
      variance[c] = channel.reduce((sum, value) => sum + (value - average) ** 2, 0) / rows;
    }
    const parameters = new Map(current.parameters);
    parameters.set(operation.mean, { shape: [channels], data: mean });
    parameters.set(operation.variance, { shape: [channels], data: variance });
    current = { ...current, parameters };
  }
  return current;
}

/** Largest difference of a statistic, as a share of the largest value of it. */
function difference(a: Network, b: Network): number {
  const differences = a.operations.flatMap((operation) =>
    operation.kind !== 'batchNorm'
      ? []
      : [operation.mean, operation.variance].map((id) => {
          const [x, y] = [a.parameters.get(id)!.data, b.parameters.get(id)!.data];
          return Math.max(...x.map((value, c) => Math.abs(value - y[c]!))) / Math.max(...y.map(Math.abs));
        }),
  );
  expect(differences.length).toBeGreaterThan(3);
  return Math.max(...differences);
}

describe('statistics of batch norms measured again', () => {
  it('are those of measuring one layer after the other', async () => {
    const network = residualNetwork();
    const measured = await reestimateBatchNorms(network, context(), samples);
    expect(difference(measured, await oneAfterTheOther(network))).toBeLessThan(1e-3);
    expect(difference(measured, network)).toBeGreaterThan(0.01);
  });

  it('are close to them where memory allows one example at a time', async () => {
    const network = residualNetwork();
    const pooled = await reestimateBatchNorms(network, context(), samples, 1);
    const whole = await oneAfterTheOther(network);
    expect(difference(pooled, whole)).toBeLessThan(0.5);
  });
});
