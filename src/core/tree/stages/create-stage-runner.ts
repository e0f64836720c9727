import { chanceWarning } from '../../data/check-data.ts';
import { examineExamples } from '../../data/examine-examples.ts';
import { examineBaseline } from '../../measure/examine-baseline.ts';
import { packLeaf } from '../../measure/pack-leaf.ts';
import { makeProduct } from './make-product.ts';
import { measureNode } from './measure-node.ts';
import { runTechnique } from './run-technique.ts';
import type { StageRunner } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';
import { encodeModel } from './stored-model.ts';

/** The real stages: techniques, the writer, the measures. */
export function createStageRunner(setting: StageSetting): StageRunner {
  return async (request) => {
    const product = await makeProduct(setting, request, await runTechnique(setting, request));
    if (request.stage.technique === 'baseline') {
      const { simulated: accuracy } = product;
      const nearChance = await chanceWarning(accuracy, setting.data.test);
      const examined = { engine: setting.engine, network: product.model.network, train: setting.data.train, accuracy };
      const doubts = [
        ...(nearChance === undefined ? [] : [nearChance]),
        ...(await examineExamples(setting.data)),
        ...(await examineBaseline({ ...examined, signal: request.signal })),
      ];
      for (const warning of doubts) request.warn(warning);
    }
    const packed = setting.pack === 'off' ? undefined : packLeaf(product.tflite, setting.pack);
    const { metrics, densities, mistakes } = await measureNode({
      pack: setting.pack,
      packed,
      tflite: product.tflite,
      parentTflite: request.parent?.tflite,
      expectations: product.expectations,
      simulated: product.simulated,
      test: setting.data.test,
      whileOthersPause: setting.latency ? request.whileOthersPause.bind(request) : undefined,
      threads: setting.engine.threads,
      threadScript: setting.threadScript,
      trainingSeconds: product.model.trainingSeconds,
      curve: product.model.curve ?? [],
      rangeTest: product.model.rangeTest,
      signal: request.signal,
      onProgress: request.onProgress.bind(request),
    });
    const files = { model: encodeModel(product.model), tflite: product.tflite, packed };
    return { files, metrics, densities, expectations: product.expectations, mistakes };
  };
}
