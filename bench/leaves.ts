/**
 * The leaves of the deployment tree with default settings (50% sparsity, 16 clusters) on a model and its data: INT8
 * top-1 in LiteRT against the float control, certificates, gzip bytes.
 *
 * `npm run bench -- leaves MODEL DATA.json [clusters] [seed] [plain-controls]`
 */
import { inputsOf } from '../src/core/data/inputs/model-inputs.ts';
import { openData } from '../src/core/data/open-data.ts';
import { readDataSpec } from '../src/core/data/read-data-spec.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { importModel } from '../src/core/import/import-model.ts';
import { percent } from './deployment-tree/measured-tree.ts';
import { walkTree } from './deployment-tree/walk-tree.ts';

/** Points of top-1 that a leaf may lose against its float control. */
const allowedLoss = 0.01;

export async function run([model, dataFile, clusters = '16', seed = '0', controls = '']: readonly string[]): Promise<void> {
  if (model === undefined || dataFile === undefined) throw new Error('give a model and the JSON file of its data');
  const { network } = await importModel(model);
  const { spec, folder } = await readDataSpec(dataFile, '.');
  const modelInputs = inputsOf(network);
  const data = await openData(spec, folder, { seed: Number(seed), modelInputs });
  const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  console.log(
    `${network.name}: ${data.train.size} training, ${data.test.size} test examples; ${engine.description}, int8 in LiteRT; gzip -9; seed ${seed}`,
  );
  let control = 0;
  await walkTree(
    { engine, data, seed: Number(seed) },
    network,
    {
      pruning: { sparsity: 0.5 },
      clustering: { clusters: Number(clusters) },
      sparsityPreservingClustering: { clusters: Number(clusters) },
      plainControls: controls === 'plain-controls',
    },
    ({ name, precision, top1, gzip, certificate, trainingSeconds }) => {
      if (name === 'float control') control = top1;
      const isLeaf = precision === 'int8' && !name.includes('control');
      const verdict = !isLeaf ? '' : certificate.passed && top1 >= control - allowedLoss ? 'met' : 'NOT MET';
      console.log(
        `${name.padEnd(44)} ${precision} ${percent(top1)} (${((top1 - control) * 100).toFixed(2).padStart(6)})  gzip ${gzip}  ${certificate.passed ? 'certified' : 'NOT CERTIFIED'}  ${trainingSeconds.toFixed(1)} s  ${verdict}`,
      );
    },
  );
}
