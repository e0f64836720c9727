import type { Engine } from '../engine/engine.ts';
import type { Network } from '../network/network.ts';
import { elements } from '../program/shapes.ts';
import { createRandom } from '../random.ts';
import type { Batch } from '../data/dataset.ts';
import { lossValue } from './loss-value.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import { trainedParameters } from './trained-parameters.ts';
import { TrainingSteps } from './training-steps.ts';

export interface StepTiming {
  /** Median milliseconds of the steps that fit into the time, at least one. */
  run(milliseconds: number): Promise<number>;
  dispose(): Promise<void>;
}

/**
 * Runs training steps of a network on random numbers (forward, backward, Adam) to time them without data. The first
 * step, which allocates and compiles, is done when this resolves.
 *
 * @throws EspalierError `out-of-memory` when not even one example fits
 */
export async function prepareStepTiming(engine: Engine, network: Network, batchSize: number): Promise<StepTiming> {
  const loss = { kind: 'meanSquaredError' } as const;
  const size = elements(shapeOf(network, lossValue(network, loss.kind)));
  const steps = new TrainingSteps(
    {
      network,
      parameters: trainedParameters(network, 'training', new Set()),
      constraints: new Map(),
      denseMaskGradients: false,
      quantizers: undefined,
      target: { kind: 'regression', size },
      loss,
      optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
      batchNorm: 'training',
      frozen: new Set(),
      gradientClipNorm: undefined,
    },
    { engine, batchSize, seed: 0, memoryBytes: undefined },
  );
  const batch = randomBatch(network, batchSize, size);
  let count = 0;
  const step = async (): Promise<number> => {
    const start = performance.now();
    await steps.run(batch, ++count, { update: 1e-6, decay: 0 });
    return performance.now() - start;
  };
  await step();
  return {
    async run(milliseconds) {
      const times: number[] = [];
      const end = performance.now() + milliseconds;
      do times.push(await step());
      while (performance.now() < end);
      return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
    },
    dispose: () => steps.dispose(),
  };
}

function randomBatch(network: Network, size: number, targets: number): Batch {
  const random = createRandom(0);
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  return {
    size,
    inputs: network.inputs.map((input) => normal(size * elements(shapeOf(network, input)))),
    labels: new Int32Array(0),
    targets: normal(size * targets),
  };
}
