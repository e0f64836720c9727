/**
 * Leaves that are clustered for the form that they are stored in (`sizeOf`), on the integer grid: bytes in each form and
 * INT8 top-1 in LiteRT.
 *
 * `npm run bench -- stored-forms MODEL DATA.json [epochs] [clusters] [rateWeight] [seed…]`
 */
import { inputsOf } from '../src/core/data/inputs/model-inputs.ts';
import { openData } from '../src/core/data/open-data.ts';
import { readDataSpec } from '../src/core/data/read-data-spec.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { profileTflite } from '../src/core/hardware/profile-tflite.ts';
import { chosenTarget } from '../src/core/hardware/targets.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { evaluateTflite } from '../src/core/measure/evaluate-tflite.ts';
import { fileSizes } from '../src/core/measure/file-sizes.ts';
import { quantizeTrained } from '../src/core/techniques/quantization-aware-training.ts';
import type { OptimizedModel } from '../src/core/techniques/technique.ts';
import { packedSize } from '../src/core/tflite/pack/pack-tflite.ts';
import { writeTflite } from '../src/core/tflite/write-tflite.ts';
import { apply } from '../test/support/apply-technique.ts';
import { benchContext, percent } from './deployment-tree/measured-tree.ts';

const forms = ['gzip', 'packed', 'ethos-u'] as const;

export async function run([
  modelFile,
  dataFile,
  epochs = '1',
  clusters = '16',
  rateWeight = '1',
  ...seeds
]: readonly string[]): Promise<void> {
  if (modelFile === undefined || dataFile === undefined) throw new Error('give a model and the JSON file of its data');
  const { network } = await importModel(modelFile);
  const { spec, folder } = await readDataSpec(dataFile, '.');
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  const training = { epochs: Number(epochs) };
  console.log(
    `${network.name}: ${engine.description}, int8 in LiteRT; ${clusters} clusters, ${epochs} epochs a stage, rateWeight ${rateWeight}`,
  );
  for (const seed of (seeds.length > 0 ? seeds : ['0']).map(Number)) {
    const data = await openData(spec, folder, { seed, modelInputs: inputsOf(network) });
    const context = benchContext({ engine, data, seed });
    const base: OptimizedModel = { network, constraints: new Map(), ranges: undefined };
    const pruned = await apply('pruning', base, context, training);
    for (const [path, parent, cluster, quantize] of [
      ['clustered, CQAT', base, 'clustering', 'cqat'],
      ['pruned, clustered, PCQAT', pruned, 'sparsity-preserving-clustering', 'pcqat'],
    ] as const) {
      for (const sizeOf of forms) {
        const clustered = await apply(cluster, parent, context, {
          ...training,
          clusters: Number(clusters),
          rateWeight: Number(rateWeight),
          integerGrid: true,
          sizeOf,
        });
        const aware = await apply(quantize, clustered, context, training);
        const bytes = writeTflite({ kind: 'integer', quantized: quantizeTrained(aware), inputType: 'int8', outputType: 'int8' });
        const { top1 = 0 } = await evaluateTflite({ bytes, data: data.test });
        const npu = profileTflite({ file: '', bytes, target: chosenTarget('ethos-u55-128', undefined) }).npu?.weightBytes;
        console.log(
          `seed ${seed}  ${path.padEnd(26)} for ${sizeOf.padEnd(8)} ${percent(top1)}  gzip ${fileSizes(bytes).gzip}  packed ${packedSize(bytes, 'small')}  ethos-u55-128 ${npu}`,
        );
      }
    }
  }
}
