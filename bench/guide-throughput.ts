/**
 * Examples a second in plain training steps (batch 32) of the guide's networks at full size: what `docs/results.md`
 * estimates the time of recipes with that were not run. `npm run bench -- guide-throughput [steps]`
 */
import { cpus } from 'node:os';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { dsCnn } from '../src/core/models/ds-cnn.ts';
import { mobileNetV1 } from '../src/core/models/mobilenet-v1.ts';
import { mobileNetV2 } from '../src/core/models/mobilenet-v2.ts';
import type { Network } from '../src/core/network/network.ts';
import { espalierCandidate } from './train-step/candidates.ts';
import { batchSize, stepOperations } from './train-step/networks.ts';
import { trainingSetup } from './train-step/variants.ts';

const networks: readonly (readonly [string, () => Network])[] = [
  ['DS-CNN-L', () => dsCnn({ size: 'L', seed: 1 })],
  ['MobileNet_v1 1.0 32', () => mobileNetV1({ inputSize: 32, firstStride: 1, classes: 10, seed: 1 })],
  ['MobileNet_v1 1.0 224', () => mobileNetV1({ seed: 1 })],
  ['MobileNet-V2 1.0 224', () => mobileNetV2({ seed: 1 })],
];

export async function run([steps = '3']: readonly string[]): Promise<void> {
  const engine = await createEngine();
  const measured = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${engine.description}, fastest of ${steps} steps of ${batchSize}`;
  for (const [name, build] of networks) {
    const network = build();
    const candidate = espalierCandidate(name, engine, trainingSetup(network, 'plain'));
    // The first step compiles.
    await candidate.step();
    let fastest = Infinity;
    for (let step = 0; step < Number(steps); step++) fastest = Math.min(fastest, await candidate.step());
    await candidate.dispose();
    const examplesPerSecond = Number(((1000 * batchSize) / fastest).toPrecision(3));
    const megaMultiplyAdds = Number((stepOperations(network) / (6 * batchSize) / 1e6).toPrecision(4));
    console.log(JSON.stringify({ network: name, examplesPerSecond, measured, megaMultiplyAdds }));
  }
}
