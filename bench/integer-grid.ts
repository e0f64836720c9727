/**
 * Clustering on the integer grid against clustering in float and then quantizing, at equal cluster counts: bits a weight
 * after gzip (of the clustered kernels' integers alone, as they lie in the file) and INT8 top-1 in LiteRT.
 *
 * `npm run bench -- integer-grid MODEL DATA.json [seed] [clusters…]`
 */
import { gzipSync } from 'node:zlib';
import { inputsOf } from '../src/core/data/inputs/model-inputs.ts';
import { openData } from '../src/core/data/open-data.ts';
import { readDataSpec } from '../src/core/data/read-data-spec.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { evaluateTflite } from '../src/core/measure/evaluate-tflite.ts';
import { fileSizes } from '../src/core/measure/file-sizes.ts';
import { findConstraint } from '../src/core/constraints/constraint.ts';
import type { QuantizedNetwork } from '../src/core/quantize/quantization.ts';
import { quantizeWeights } from '../src/core/quantize/weight-quantization.ts';
import { quantizeTrained } from '../src/core/techniques/quantization-aware-training.ts';
import type { OptimizedModel } from '../src/core/techniques/technique.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';
import { apply, quantize } from '../test/support/apply-technique.ts';
import { benchContext, percent } from './deployment-tree/measured-tree.ts';

export async function run([modelFile, dataFile, seed = '0', ...counts]: readonly string[]): Promise<void> {
  if (modelFile === undefined || dataFile === undefined) throw new Error('give a model and the JSON file of its data');
  const { network } = await importModel(modelFile);
  const { spec, folder } = await readDataSpec(dataFile, '.');
  const modelInputs = inputsOf(network);
  const data = await openData(spec, folder, { seed: Number(seed), modelInputs });
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const context = benchContext({ engine, data, seed: Number(seed) });
  const base: OptimizedModel = { network, constraints: new Map(), ranges: undefined };
  console.log(`${network.name}: ${data.test.size} test examples, int8 in LiteRT; ${engine.description}; gzip -9; seed ${seed}`);

  const measure = async (name: string, quantized: QuantizedNetwork, model: OptimizedModel): Promise<void> => {
    const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
    const { top1 = 0 } = await evaluateTflite({ bytes, data: data.test });
    const { weights, compressedBytes, values } = clusteredKernels(quantized, model);
    const bits = weights === 0 ? '' : `${((8 * compressedBytes) / weights).toFixed(3)} bits a weight, ${values} values in a kernel`;
    console.log(`  ${name.padEnd(44)} ${percent(top1)}  file ${fileSizes(bytes).gzip} gzip  ${bits}`);
  };
  await measure('not clustered, quantized', await quantize(base, context), base);
  for (const clusters of counts.length > 0 ? counts.map(Number) : [8, 16, 32]) {
    console.log(`${clusters} clusters`);
    for (const integerGrid of [false, true]) {
      const how = integerGrid ? 'on the integer grid' : 'in float';
      const clustered = await apply('clustering', base, context, { clusters, integerGrid });
      await measure(`clustered ${how}, quantized after training`, await quantize(clustered, context), clustered);
      const aware = await apply('cqat', clustered, context);
      await measure(`clustered ${how}, CQAT`, quantizeTrained(aware), aware);
    }
  }
}

/** The integers of the kernels that have a codebook, one kernel after the other, and what gzip makes of them. */
function clusteredKernels(
  quantized: QuantizedNetwork,
  model: OptimizedModel,
): { readonly weights: number; readonly compressedBytes: number; readonly values: number } {
  const kernels = [...quantized.weights].flatMap(([id, quantization]) => {
    const parameter = quantized.network.parameters.get(id);
    if (parameter === undefined || findConstraint(model.constraints.get(id) ?? [], 'codebook') === undefined) return [];
    return [quantizeWeights(parameter.data, parameter.shape, quantization)];
  });
  const bytes = Buffer.concat(kernels.map((kernel) => Buffer.from(kernel.buffer, kernel.byteOffset, kernel.byteLength)));
  return {
    weights: bytes.length,
    compressedBytes: gzipSync(bytes, { level: 9 }).length,
    values: Math.max(0, ...kernels.map((kernel) => new Set(kernel).size)),
  };
}
