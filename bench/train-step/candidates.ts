import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import { createRandom } from '../../src/core/random.ts';
import { createEngine } from '../../src/core/engine/create-engine.ts';
import type { Engine } from '../../src/core/engine/engine.ts';
import { createTfjsEngine } from '../../src/core/engine/tfjs/tfjs-engine.ts';
import { elements } from '../../src/core/program/shapes.ts';
import { inputsOf } from '../../src/core/data/inputs/model-inputs.ts';
import type { Batch } from '../../src/core/data/dataset.ts';
import type { Network } from '../../src/core/network/network.ts';
import type { TrainingSetup } from '../../src/core/train/training-program.ts';
import { TrainingSteps } from '../../src/core/train/training-steps.ts';
import { batchSize } from './networks.ts';

/** Milliseconds of one training step. */
export interface StepTime {
  readonly wall: number;
  /** Of the processor, user and system, all threads: what else the machine does counts for little. */
  readonly cpu: number;
}

/** Something that runs training steps of one network. */
export interface Candidate {
  readonly name: string;
  step(): Promise<StepTime>;
  dispose(): Promise<void>;
}

/** The wall and processor time of this process that work takes. */
export async function timed(work: () => Promise<unknown>): Promise<StepTime> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, cpu: (user + system) / 1000 };
}

const require = createRequire(import.meta.url);

export async function benchedEngines(cores: number): Promise<readonly (readonly [string, Engine])[]> {
  const engines: [string, Engine][] = [['1 thread', await createEngine({ name: 'onnxruntime-node', threads: 1 })]];
  if (cores > 1) engines.push([`${cores} threads`, await createEngine({ name: 'onnxruntime-node', threads: cores })]);
  engines.push(['ort-web', await createEngine({ name: 'onnxruntime-web', threads: 1 })]);
  const tfjs = await tfjsWasm();
  if (tfjs !== undefined) engines.push(['tfjs-wasm', tfjs]);
  return engines;
}

/** The same program, operation by operation, on tfjs's WebAssembly kernels where that backend is installed. */
async function tfjsWasm(): Promise<Engine | undefined> {
  try {
    const tf: typeof TensorFlow = require('@tensorflow/tfjs');
    require('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) return undefined;
    return createTfjsEngine(tf, 'tfjs (wasm)', 1);
  } catch {
    console.log('tfjs-wasm is left out: the package @tensorflow/tfjs-backend-wasm is not installed');
    return undefined;
  }
}

export function espalierCandidate(name: string, engine: Engine, setup: TrainingSetup, size = batchSize): Candidate {
  const steps = new TrainingSteps(setup, { engine, batchSize: size, seed: 1, memoryBytes: Number.POSITIVE_INFINITY });
  const batch = randomBatch(setup.network, size);
  let count = 0;
  return {
    name,
    step: () => timed(() => steps.run(batch, ++count, { update: 1e-4, decay: 0 })),
    dispose: () => steps.dispose(),
  };
}

/** Normally distributed inputs and labels of ten classes, the same for every call. */
export function randomBatch(network: Network, size: number): Batch {
  const random = createRandom(1);
  return {
    size,
    inputs: inputsOf(network).map(({ shape }) => Float32Array.from({ length: size * elements(shape) }, () => random.normal())),
    labels: Int32Array.from({ length: size }, () => random.integer(10)),
    targets: new Float32Array(0),
  };
}
