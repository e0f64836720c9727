/**
 * Networks of real size: processor time (user and system) and peak memory of a training step of MobileNet V1 and V2 of
 * width 1 at 96, 160 and 224 pixels beside the memory that is predicted, of inspecting and converting a model, and of
 * reading photos of 224 pixels as examples of 96. Each runs in a process of its own, and its peak memory is that of the
 * process; of the repeats the least processor time counts.
 *
 * `npm run bench -- real-size [part of a name] [repeats] [photos]`
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { encode } from 'jpeg-js';
import { openData } from '../src/core/data/open-data.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import type { ArchitectureName } from '../src/core/models/architectures.ts';
import { buildArchitecture } from '../src/core/models/architectures.ts';
import type { Network } from '../src/core/network/network.ts';
import { prepareForDeployment } from '../src/core/network/passes/prepare-for-deployment.ts';
import { calibrate } from '../src/core/quantize/calibrate.ts';
import { createRandom } from '../src/core/random.ts';
import { predictMemory } from '../src/core/program/predict-memory.ts';
import { buildTrainingProgram } from '../src/core/train/training-program.ts';
import { writeKerasV3 } from '../src/core/export/keras-v3.ts';
import { inspectModel } from '../src/core/tree/operations/inspect-model.ts';
import { isNumber, isObjectOf, isString, parseChecked } from '../src/shared/checked-json.ts';
import { espalierCandidate, timed } from './train-step/candidates.ts';
import { trainingSetup } from './train-step/variants.ts';

interface Measured {
  /** Without what came before it in the process. */
  readonly cpuMilliseconds: number;
  readonly note: string;
}

const photoSize = 224;

function network(name: ArchitectureName, inputSize: number): Network {
  return buildArchitecture(name, { alpha: 1, inputSize: [inputSize, inputSize], classes: 10 }, 1);
}

async function processorTime(work: () => Promise<unknown>): Promise<number> {
  return (await timed(work)).cpu;
}

async function step(name: ArchitectureName, inputSize: number, batchSize: number): Promise<Measured> {
  const setup = trainingSetup(network(name, inputSize), 'plain');
  const predicted = predictMemory(buildTrainingProgram(setup, batchSize).program);
  const candidate = espalierCandidate('', await createEngine({ name: 'onnxruntime-node', threads: 1 }), setup, batchSize);
  // The first step compiles.
  await candidate.step();
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push((await candidate.step()).cpu);
  await candidate.dispose();
  return { cpuMilliseconds: Math.min(...times), note: `${Math.round(predicted / 1e6)} MB predicted` };
}

async function photos(folder: string, inputSize: number, examplesFolder: string | undefined): Promise<Measured> {
  const { train } = await openData({ format: 'images', folder, validation: 0 }, folder, {
    seed: 1,
    modelInputs: [{ name: 'input', shape: [inputSize, inputSize, 3] }],
    examplesFolder,
  });
  const all = Uint32Array.from({ length: train.size }, (_, i) => i);
  const cpuMilliseconds = await processorTime(() => train.read(all));
  return { cpuMilliseconds, note: `${Math.round((1000 * train.size) / cpuMilliseconds)} a second of processor time` };
}

async function calibrating(folder: string, samples: number): Promise<Measured> {
  const prepared = prepareForDeployment(network('mobilenet-v2', photoSize));
  const { train: data } = await openData({ format: 'images', folder, validation: 0 }, folder, {
    seed: 1,
    modelInputs: [{ name: 'input', shape: [photoSize, photoSize, 3] }],
  });
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const { signal } = new AbortController();
  const cpuMilliseconds = await processorTime(() => calibrate({ engine, network: prepared, data, samples, signal }));
  return { cpuMilliseconds, note: `${Math.min(samples, data.size)} images` };
}

async function inspecting(folder: string): Promise<Measured> {
  const file = path.join(path.dirname(folder), 'model.keras');
  await writeFile(file, await writeKerasV3(network('mobilenet-v1', photoSize)));
  return { cpuMilliseconds: await processorTime(() => inspectModel(file)), note: '.keras' };
}

type Measurement = (folder: string) => Promise<Measured>;

const measurements: Readonly<Record<string, Measurement>> = {
  ...Object.fromEntries(
    (['mobilenet-v1', 'mobilenet-v2'] as const).flatMap((name) =>
      (
        [
          [96, 32],
          [160, 32],
          [224, 8],
        ] as const
      ).map(([size, batch]) => [`step ${name} 1.0 @${size}, batch ${batch}`, () => step(name, size, batch)] as const),
    ),
  ),
  'inspect mobilenet-v1 1.0': inspecting,
  'photos 224 to 96': (folder) => photos(folder, 96, undefined),
  'photos 224 to 96, first time with a folder of examples': (folder) => photos(folder, 96, path.join(path.dirname(folder), 'examples')),
  'photos 224 to 96, kept on disk': (folder) => photos(folder, 96, path.join(path.dirname(folder), 'examples')),
  'calibrate mobilenet-v2 1.0 @224': (folder) => calibrating(folder, 1000),
};

/** Printed by a process that measures one, and read by the one that started it. */
interface Report extends Measured {
  readonly peakMegabytes: number;
}

const isReport = isObjectOf({ cpuMilliseconds: isNumber, note: isString, peakMegabytes: isNumber });

export async function run([part = '', repeats = '3', count = '500', folder = '']: readonly string[]): Promise<void> {
  if (part.startsWith('only:')) {
    const measured = await measurements[part.slice('only:'.length)]?.(folder);
    console.log(JSON.stringify({ ...measured, peakMegabytes: process.resourceUsage().maxRSS / 1e3 }));
    return;
  }
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores; least processor time of ${repeats}, one thread`,
  );
  const place = await mkdtemp(path.join(tmpdir(), 'espalier-bench-'));
  const images = path.join(place, 'photos');
  try {
    await writePhotos(images, Number(count));
    for (const name of Object.keys(measurements).filter((each) => each.includes(part))) {
      const reports: Report[] = [];
      for (let i = 0; i < (name.includes('first') ? 1 : Number(repeats)); i++) reports.push(await inProcess(name, images));
      const least = Math.min(...reports.map(({ cpuMilliseconds }) => cpuMilliseconds));
      const best = reports.find(({ cpuMilliseconds }) => cpuMilliseconds === least);
      const peak = Math.max(...reports.map(({ peakMegabytes }) => peakMegabytes));
      console.log(`${name.padEnd(56)} ${least.toFixed(0).padStart(7)} ms  peak ${peak.toFixed(0).padStart(5)} MB  ${best?.note ?? ''}`);
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function inProcess(name: string, images: string): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [process.argv[1] ?? '', 'real-size', `only:${name}`, '', '', images], {
    maxBuffer: 2 ** 24,
  });
  const report = parseChecked(stdout.trim().split('\n').at(-1) ?? '', isReport);
  if (report === undefined) throw new Error(`${name} was not measured: ${stdout}`);
  return report;
}

/** Waves with a little noise, about 24 KB each. */
async function writePhotos(folder: string, count: number): Promise<void> {
  const random = createRandom(1);
  for (let k = 0; k < count; k++) {
    const data = new Uint8Array(photoSize ** 2 * 4);
    const [slope, phase] = [0.02 + random.next() * 0.2, random.next() * 6];
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [(i >> 2) % photoSize, Math.floor((i >> 2) / photoSize)];
      data[i] = 128 + 90 * Math.sin(slope * (x + (i % 4) * y) + phase) + random.next() * 20;
    }
    const place = path.join(folder, `class-${k % 5}`);
    await mkdir(place, { recursive: true });
    await writeFile(path.join(place, `${k}.jpg`), encode({ width: photoSize, height: photoSize, data }, 88).data);
  }
}
