/**
 * The guide's notebook network through the deployment tree on MNIST, next to what TFMOT itself measured: INT8 top-1 in
 * the runtime, gzip bytes, zeros and unique integers. `ESPALIER_TEST_DATA=... npm run bench -- guide-tree [seeds]`
 */
import path from 'node:path';
import { openData } from '../src/core/data/open-data.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { evaluateNetwork } from '../src/core/measure/evaluate-network.ts';
import { evaluateTflite } from '../src/core/measure/evaluate-tflite.ts';
import { fileSizes } from '../src/core/measure/file-sizes.ts';
import { weightMetrics } from '../src/core/measure/weight-metrics.ts';
import type { QuantizedNetwork } from '../src/core/quantize/quantization.ts';
import { applyClustering } from '../src/core/techniques/clustering.ts';
import { applyCqat } from '../src/core/techniques/cqat.ts';
import { applyFineTuningControl } from '../src/core/techniques/fine-tuning-control.ts';
import { applyPcqat } from '../src/core/techniques/pcqat.ts';
import { applyPostTrainingQuantization } from '../src/core/techniques/post-training-quantization.ts';
import { applyPqat } from '../src/core/techniques/pqat.ts';
import { applyPruning } from '../src/core/techniques/pruning.ts';
import { applyQuantizationAwareTraining, quantizeTrained } from '../src/core/techniques/quantization-aware-training.ts';
import { applySparsityPreservingClustering } from '../src/core/techniques/sparsity-preserving-clustering.ts';
import type { OptimizedModel, TechniqueContext } from '../src/core/techniques/technique.ts';
import { readTflite } from '../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';

export async function run(args: readonly string[]): Promise<void> {
  const folder = process.env['ESPALIER_TEST_DATA'];
  if (folder === undefined) {
    console.log('guide-tree: left out, for ESPALIER_TEST_DATA does not name the folder of test data');
    return;
  }
  for (const seed of args.length > 0 ? args.map(Number) : [0, 1]) await walk(folder, seed);
}

async function walk(folder: string, seed: number): Promise<void> {
  const { network } = await importModel(path.join(folder, `models/h5/mnist_notebook_seed${seed}.h5`));
  const data = await openData({ format: 'idx', folder: 'mnist' }, folder, {
    seed,
    modelInputShape: network.values.get(network.inputs[0] ?? '')?.shape ?? [],
  });
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const context: TechniqueContext = {
    engine,
    data,
    loss: { kind: 'crossEntropy' },
    seed,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    warn: (message) => {
      console.log(`warning: ${message}`);
    },
  };
  console.log(`\nmnist_notebook_seed${seed}, ${engine.description}`);
  const started = performance.now();
  const base: OptimizedModel = { network, constraints: new Map(), ranges: undefined };
  const float = async (name: string, model: OptimizedModel): Promise<OptimizedModel> => {
    const { top1 = 0 } = await evaluateNetwork({ engine, network: model.network, data: data.test });
    console.log(`${name.padEnd(44)} fp32 ${(100 * top1).toFixed(2)}${' '.repeat(20)}${(model.trainingSeconds ?? 0).toFixed(1)} s`);
    return model;
  };
  const integer = async (name: string, quantized: QuantizedNetwork, seconds = 0): Promise<void> => {
    const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
    const { top1 = 0 } = await evaluateTflite({ bytes, data: data.test });
    const kernels = weightMetrics(readTflite(bytes)).map(
      ({ zeros, uniqueValues, uniqueValuesPerChannel }) => `${zeros} zeros ${uniqueValues}(${uniqueValuesPerChannel})`,
    );
    console.log(
      `${name.padEnd(44)} int8 ${(100 * top1).toFixed(2)}  gzip ${fileSizes(bytes).gzip}  ${seconds.toFixed(1)} s  ${kernels.join(', ')}`,
    );
  };
  const trained = async (name: string, model: OptimizedModel): Promise<void> =>
    integer(name, quantizeTrained(model), model.trainingSeconds);

  await float('baseline', base);
  await float('float control', await applyFineTuningControl(base, context));
  await integer('baseline -> PTQ', await applyPostTrainingQuantization(base, context));
  await trained('QAT', await applyQuantizationAwareTraining(base, context));
  const pruned = await float('pruned', await applyPruning(base, context, { sparsity: 0.5 }));
  await integer('pruned -> PTQ', await applyPostTrainingQuantization(pruned, context));
  await trained('PQAT', await applyPqat(pruned, context));
  await trained('plain QAT of pruned (control)', await applyQuantizationAwareTraining(pruned, context));
  const clustered = await float('clustered', await applyClustering(base, context, { clusters: 8 }));
  await integer('clustered -> PTQ', await applyPostTrainingQuantization(clustered, context));
  await trained('CQAT', await applyCqat(clustered, context));
  await trained('plain QAT of clustered (control)', await applyQuantizationAwareTraining(clustered, context));
  const onGrid = await float('clustered on the integer grid', await applyClustering(base, context, { clusters: 8, integerGrid: true }));
  await integer('clustered on the integer grid -> PTQ', await applyPostTrainingQuantization(onGrid, context));
  await trained('CQAT on the integer grid', await applyCqat(onGrid, context));
  const both = await float('pruned, clustered', await applySparsityPreservingClustering(pruned, context, { clusters: 8 }));
  await integer('pruned, clustered -> PTQ', await applyPostTrainingQuantization(both, context));
  await trained('PCQAT', await applyPcqat(both, context));
  await trained('plain QAT of pruned, clustered (control)', await applyQuantizationAwareTraining(both, context));
  const plainly = await float('pruned, plainly clustered (control)', await applyClustering(pruned, context, { clusters: 8 }));
  await integer('pruned, plainly clustered -> PTQ', await applyPostTrainingQuantization(plainly, context));
  console.log(`all of it: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
