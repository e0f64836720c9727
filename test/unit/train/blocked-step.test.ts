import { describe, expect, it } from 'vitest';
import { mobileNetV1 } from '../../../src/core/models/mobilenet-v1.ts';
import { channelRegions } from '../../../src/core/program/channel-regions.ts';
import { optimize } from '../../../src/core/program/optimize.ts';
import { trainedParameters } from '../../../src/core/train/trained-parameters.ts';
import { buildTrainingProgram, type TrainingSetup } from '../../../src/core/train/training-program.ts';
import { TrainingSteps } from '../../../src/core/train/training-steps.ts';
import { onnxRuntimeOnCpu } from '../../support/onnxruntime-on-cpu.ts';
import { randomData } from '../fixtures/random-data.ts';

const network = mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 4, seed: 1 });
const setup: TrainingSetup = {
  network,
  parameters: trainedParameters(network, 'training', new Set()),
  constraints: new Map(),
  denseMaskGradients: false,
  quantizers: undefined,
  target: { kind: 'classes', classes: 4, names: undefined },
  loss: { kind: 'crossEntropy' },
  // The velocity after one step is the gradient.
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false },
  batchNorm: 'training',
  frozen: new Set(),
  gradientClipNorm: undefined,
};
const batchSize = 4;
const batch = {
  size: batchSize,
  inputs: [randomData(batchSize * 32 * 32 * 3, 5)],
  labels: Int32Array.of(0, 1, 2, 3),
  targets: new Float32Array(0),
};

async function stateAfterStep(blockBytes: number): Promise<ReadonlyMap<string, Float32Array>> {
  const engine = onnxRuntimeOnCpu({ blockBytes });
  const steps = new TrainingSteps(setup, { engine, batchSize, seed: 1, memoryBytes: Number.POSITIVE_INFINITY });
  await steps.run(batch, 1, { update: 1, decay: 0 });
  const state = steps.copyState();
  await steps.dispose();
  return state;
}

function norm(x: Float32Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

describe('a training step in blocks of channels', () => {
  it('has regions both forward and backward of each depthwise block that is large enough', () => {
    const parts = channelRegions(optimize(buildTrainingProgram(setup, batchSize).program), 2048);
    const depthwise = (op: string): number =>
      parts.filter((part) => part.kind === 'region' && part.members.some(({ instruction }) => instruction.op === op)).length;
    expect(depthwise('rowDot')).toBeGreaterThan(15);
    expect(depthwise('rectifierGradient')).toBeGreaterThan(10);
  });

  it('computes the same gradients and statistics', async () => {
    const [whole, blocked] = [await stateAfterStep(Number.POSITIVE_INFINITY), await stateAfterStep(2048)];
    for (const [name, values] of whole) {
      const other = blocked.get(name) ?? new Float32Array(0);
      const difference = values.map((value, i) => value - (other[i] ?? Number.NaN));
      expect(norm(difference)).toBeLessThan(1e-3 * norm(values));
    }
  });

  it('gives the same bits each time', async () => {
    expect(await stateAfterStep(2048)).toEqual(await stateAfterStep(2048));
  });
});
