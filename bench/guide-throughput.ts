/**
 * Examples a second that one core trains of the guide's networks at full size (plain steps of 32): what
 * `docs/results.md` estimates the time of recipes with that were not run. Processor time is counted, so that other work
 * on the machine changes little. `npm run bench -- guide-throughput [part of a network's name]`
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

const steps = 2;

export async function run([part = '']: readonly string[]): Promise<void> {
  const engine = await createEngine({ threads: 1 });
  for (const [name, build] of networks.filter(([network]) => network.includes(part))) {
    const network = build();
    const candidate = espalierCandidate(name, engine, trainingSetup(network, 'plain'));
    // The first step compiles.
    await candidate.step();
    let fastest = Infinity;
    for (let step = 0; step < steps; step++) {
      fastest = Math.min(fastest, (await candidate.step()).cpu / 1000);
    }
    await candidate.dispose();
    console.log(
      JSON.stringify({
        network: name,
        examplesPerSecond: Number((batchSize / fastest).toPrecision(3)),
        measured: `one core of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, ${engine.description}, processor time`,
        megaMultiplyAdds: Number((stepOperations(network) / (6 * batchSize) / 1e6).toPrecision(4)),
      }),
    );
  }
}
