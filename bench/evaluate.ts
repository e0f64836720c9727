/** Examples a second of LiteRT int8 on one thread, on all, and on all once they are started: a small network and a large one. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataSpec } from '../src/core/data/spec/data-spec.ts';
import { inputsOf } from '../src/core/data/inputs/model-inputs.ts';
import { openData } from '../src/core/data/open-data.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { evaluateTflite } from '../src/core/measure/evaluate-tflite.ts';
import { dsCnn } from '../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../src/core/models/mnist-cnn.ts';
import type { Network } from '../src/core/network/network.ts';
import { prepareForDeployment } from '../src/core/network/passes/prepare-for-deployment.ts';
import { calibrate } from '../src/core/quantize/calibrate.ts';
import { quantizeNetwork } from '../src/core/quantize/quantize-network.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';

/** `args[0]`: how many threads are all; the number of cores without it. */
export async function run(args: readonly string[]): Promise<void> {
  const threads = Number(args[0] ?? availableParallelism());
  const folder = process.env['ESPALIER_TEST_DATA'];
  if (folder === undefined)
    await measure(
      'generated digits, the guide’s network untrained',
      mnistCnn({ seed: 0 }),
      { format: 'generated', set: 'digits', trainSize: 500, testSize: 10_000 },
      '.',
      threads,
    );
  else
    await measure(
      'MNIST, the guide’s network',
      (await importModel(join(folder, 'models/h5/mnist_notebook_seed0.h5'))).network,
      { format: 'idx', folder: 'mnist' },
      folder,
      threads,
    );
  await measure(
    'generated keywords, DS-CNN-L untrained',
    dsCnn({ size: 'L', seed: 0 }),
    { format: 'generated', set: 'keywords', trainSize: 500, testSize: 1000 },
    '.',
    threads,
  );
}

async function measure(name: string, trained: Network, spec: DataSpec, folder: string, threads: number): Promise<void> {
  const network = prepareForDeployment(trained);
  const modelInputs = inputsOf(network);
  const data = await openData(spec, folder, { seed: 0, modelInputs });
  // Decoded once before, so that reading is not part of what is compared.
  await data.test.read(Uint32Array.from({ length: data.test.size }, (_, index) => index));
  const engine = await createEngine();
  const ranges = await calibrate({ engine, network, data: data.train, samples: 200, signal: new AbortController().signal });
  const bytes = writeTflite({ kind: 'integer', quantized: quantizeNetwork({ network, ranges }), inputType: 'int8', outputType: 'int8' });
  const threadScript = fileURLToPath(new URL('./evaluation-thread.cjs', import.meta.url));
  if (!existsSync(threadScript)) throw new Error(`${threadScript} is missing: build the target evaluation-thread first`);
  const counts = threads > 1 ? [1, threads, threads] : [1];
  for (const [index, count] of counts.entries()) {
    const kept = index === 2 ? ' kept from the last file' : '';
    const start = performance.now();
    const before = process.cpuUsage();
    const accuracy = await evaluateTflite({ bytes, data: data.test, threads: count, threadScript, threadStartMilliseconds: 0 });
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    console.log(
      `${name}: ${count} thread${count === 1 ? '' : 's'}${kept}: ${Math.round(accuracy.samples / seconds)} examples/s (${accuracy.samples} in ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of processor), top-1 ${((accuracy.top1 ?? 0) * 100).toFixed(2)}%, ${accuracy.runtime}`,
    );
  }
}
