/** Images a second of LiteRT int8 over MNIST's 10,000 test images (or generated digits), on one thread and on all. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataSpec } from '../src/core/data/data-spec.ts';
import { openData } from '../src/core/data/open-data.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { evaluateTflite } from '../src/core/measure/evaluate-tflite.ts';
import { mnistCnn } from '../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../src/core/network/passes/prepare-for-deployment.ts';
import { calibrate } from '../src/core/quantize/calibrate.ts';
import { quantizeNetwork } from '../src/core/quantize/quantize-network.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';

/** `args[0]`: how many threads are all; the number of cores without it. */
export async function run(args: readonly string[]): Promise<void> {
  const threads = Number(args[0] ?? availableParallelism());
  const folder = process.env['ESPALIER_TEST_DATA'];
  const spec: DataSpec = folder === undefined ? { format: 'generated', set: 'digits', trainSize: 1000, testSize: 10_000 } : { format: 'idx', folder: 'mnist' };
  const network = prepareForDeployment(folder === undefined ? mnistCnn({ seed: 0 }) : (await importModel(join(folder, 'models/h5/mnist_notebook_seed0.h5'))).network);
  const modelInputShape = network.values.get(network.inputs[0] ?? '')?.shape ?? [];
  const data = await openData(spec, folder ?? '.', { seed: 0, modelInputShape });
  const engine = await createEngine();
  const ranges = await calibrate({ engine, network, data: data.train, samples: 500, signal: new AbortController().signal });
  const bytes = writeTflite({ kind: 'integer', quantized: quantizeNetwork({ network, ranges }), inputType: 'int8', outputType: 'int8' });
  const threadScript = fileURLToPath(new URL('./evaluation-thread.cjs', import.meta.url));
  if (!existsSync(threadScript)) throw new Error(`${threadScript} is missing: build the target evaluation-thread first`);
  for (const count of new Set([1, threads])) {
    const start = performance.now();
    const accuracy = await evaluateTflite({ bytes, data: data.test, threads: count, threadScript });
    const seconds = (performance.now() - start) / 1000;
    console.log(`${count} thread${count === 1 ? ' ' : 's'}: ${Math.round(accuracy.samples / seconds)} images/s (${accuracy.samples} in ${seconds.toFixed(2)} s), top-1 ${((accuracy.top1 ?? 0) * 100).toFixed(2)}%, ${accuracy.runtime}, ${folder === undefined ? 'generated digits, untrained network' : 'MNIST'}`);
  }
}
