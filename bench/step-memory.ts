/**
 * Memory that a training step takes beside what is predicted: growth of a process's resident memory from before its
 * program is compiled to the peak of several steps. Each network and number of threads runs in a process of its own.
 *
 * `npm run bench -- step-memory [part of a network's name] [plain | masks | fake quantization]` (Linux)
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { LayerStack } from '../src/core/models/layer-stack.ts';
import { mobileNetV1 } from '../src/core/models/mobilenet-v1.ts';
import type { Network } from '../src/core/network/network.ts';
import { predictMemory } from '../src/core/program/predict-memory.ts';
import { buildTrainingProgram } from '../src/core/train/training-program.ts';
import { isNumber, isObjectOf, parseChecked } from '../src/shared/checked-json.ts';
import { espalierCandidate } from './train-step/candidates.ts';
import { benchedNetworks, type BenchedNetwork } from './train-step/networks.ts';
import { trainingSetup, variants } from './train-step/variants.ts';

const steps = 5;

const networks: readonly BenchedNetwork[] = [
  ...benchedNetworks,
  { name: 'MobileNetV1-1.0@224, 32', batchSize: 32, network: () => mobileNetV1({ inputSize: 224, classes: 10, seed: 1 }) },
  { name: 'VGG-like@32', batchSize: 32, network: () => vggLike(32) },
  { name: 'VGG-like@64', batchSize: 32, network: () => vggLike(64) },
];

/** Two 3x3 convolutions of 64, of 128 and of 256 filters, each pair with a pooling behind it, and a dense layer. */
function vggLike(inputSize: number): Network {
  const stack = new LayerStack('vgg_like', 1);
  const { builder } = stack;
  let value = builder.input([inputSize, inputSize, 3]);
  for (const filters of [64, 128, 256]) {
    for (const name of ['a', 'b'])
      value = stack.convolution(`convolution_${filters}${name}`, value, filters, { size: [3, 3], activation: 'relu' });
    value = builder.pool2d(`pooling_${filters}`, value, 'max', [2, 2]);
  }
  return builder.build([stack.dense('dense', builder.flatten('flatten', value), 10)]);
}

const isReport = isObjectOf({ predicted: isNumber, measured: isNumber, before: isNumber, cpu: isNumber });

export async function run([part = '', variant = 'plain', threads = '']: readonly string[]): Promise<void> {
  if (part.startsWith('only:')) {
    console.log(JSON.stringify(await measure(part.slice('only:'.length), variant, Number(threads))));
    return;
  }
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${variant}; MB: predicted, measured, ratio, process before; ms of processor time`,
  );
  for (const { name } of networks.filter((each) => each.name.includes(part))) {
    for (const count of [1, 2]) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        process.argv[1] ?? '',
        'step-memory',
        `only:${name}`,
        variant,
        `${count}`,
      ]);
      const report = parseChecked(stdout.trim().split('\n').at(-1) ?? '', isReport);
      if (report === undefined) throw new Error(`${name} was not measured: ${stdout}`);
      const { predicted, measured, before, cpu } = report;
      const columns = [predicted, measured].map((bytes) => (bytes / 1e6).toFixed(1).padStart(8));
      console.log(
        `${name.padEnd(24)} ${count} ${columns.join(' ')} ${(predicted / measured).toFixed(3)} ${(before / 1e6).toFixed(0).padStart(5)} ${cpu.toFixed(0).padStart(6)}`,
      );
    }
  }
}

async function measure(name: string, variantName: string, threads: number) {
  const benched = networks.find((each) => each.name === name);
  const variant = variants.find((each) => each === variantName);
  if (benched === undefined || variant === undefined) throw new Error(`there is no network "${name}", or no variant "${variantName}"`);
  const setup = trainingSetup(benched.network(), variant);
  const predicted = predictMemory(buildTrainingProgram(setup, benched.batchSize).program, threads);
  const engine = await createEngine({ name: 'onnxruntime-node', threads });
  const candidate = espalierCandidate('', engine, setup, benched.batchSize);
  const before = residentBytes('VmRSS');
  const times: number[] = [];
  for (let step = 0; step < steps; step++) times.push((await candidate.step()).cpu);
  const measured = residentBytes('VmHWM') - before;
  await candidate.dispose();
  return { predicted, measured, before, cpu: Math.min(...times) };
}

function residentBytes(field: 'VmRSS' | 'VmHWM'): number {
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
