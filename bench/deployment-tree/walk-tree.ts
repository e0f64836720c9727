import type { Network } from '../../src/core/network/network.ts';
import { applyClustering, type ClusteringOptions } from '../../src/core/techniques/clustering.ts';
import { applyCqat } from '../../src/core/techniques/cqat.ts';
import { applyFineTuningControl } from '../../src/core/techniques/fine-tuning-control.ts';
import type { TrainingOptions } from '../../src/core/techniques/fine-tuning-stage.ts';
import { applyPcqat } from '../../src/core/techniques/pcqat.ts';
import { applyPostTrainingQuantization } from '../../src/core/techniques/post-training-quantization.ts';
import { applyPqat } from '../../src/core/techniques/pqat.ts';
import { applyPruning, type PruningOptions } from '../../src/core/techniques/pruning.ts';
import {
  applyQuantizationAwareTraining,
  type QuantizationAwareTrainingOptions,
  quantizeTrained,
} from '../../src/core/techniques/quantization-aware-training.ts';
import { applySparsityPreservingClustering } from '../../src/core/techniques/sparsity-preserving-clustering.ts';
import type { OptimizedModel } from '../../src/core/techniques/technique.ts';
import { benchContext, measureFloat, measureInteger, type MeasuredNode, type TreeSetting } from './measured-tree.ts';

export interface WalkOptions {
  /** Of the float control. */
  readonly fineTuning?: TrainingOptions;
  readonly pruning: PruningOptions;
  /** Of the trained model. */
  readonly clustering: ClusteringOptions;
  /** Of the pruned model. */
  readonly sparsityPreservingClustering: ClusteringOptions;
  readonly quantizationAwareTraining?: QuantizationAwareTrainingOptions;
  /** Also the plain variants, which do not preserve. */
  readonly plainControls: boolean;
}

/** Every node of the deployment tree and the float control; `report` hears each as it is measured. */
export async function walkTree(
  setting: TreeSetting,
  network: Network,
  { fineTuning, pruning, clustering, sparsityPreservingClustering, quantizationAwareTraining, plainControls }: WalkOptions,
  report: (node: MeasuredNode) => void,
): Promise<void> {
  const context = benchContext(setting);
  const base: OptimizedModel = { network, constraints: new Map(), ranges: undefined };
  const float = async (name: string, model: OptimizedModel): Promise<OptimizedModel> => {
    report(await measureFloat(setting, name, model));
    return model;
  };
  const quantized = async (name: string, model: OptimizedModel): Promise<void> =>
    report(await measureInteger(setting, name, await applyPostTrainingQuantization(model, context), { ...model, trainingSeconds: 0 }));
  const aware = async (name: string, model: OptimizedModel): Promise<void> =>
    report(await measureInteger(setting, name, quantizeTrained(model), model));

  await float('baseline', base);
  await float('float control', await applyFineTuningControl(base, context, fineTuning));
  await quantized('baseline -> PTQ', base);
  await aware('QAT', await applyQuantizationAwareTraining(base, context, quantizationAwareTraining));

  const pruned = await float('pruned', await applyPruning(base, context, pruning));
  await quantized('pruned -> PTQ', pruned);
  await aware('PQAT', await applyPqat(pruned, context, quantizationAwareTraining));
  if (plainControls)
    await aware('plain QAT of pruned (control)', await applyQuantizationAwareTraining(pruned, context, quantizationAwareTraining));

  const clustered = await float('clustered', await applyClustering(base, context, clustering));
  await quantized('clustered -> PTQ', clustered);
  await aware('CQAT', await applyCqat(clustered, context, quantizationAwareTraining));
  if (plainControls)
    await aware('plain QAT of clustered (control)', await applyQuantizationAwareTraining(clustered, context, quantizationAwareTraining));

  const both = await float('pruned, clustered', await applySparsityPreservingClustering(pruned, context, sparsityPreservingClustering));
  await quantized('pruned, clustered -> PTQ', both);
  await aware('PCQAT', await applyPcqat(both, context, quantizationAwareTraining));
  if (plainControls)
    await aware('plain QAT of pruned, clustered (control)', await applyQuantizationAwareTraining(both, context, quantizationAwareTraining));
  await quantized('pruned, plainly clustered -> PTQ (control)', await applyClustering(pruned, context, sparsityPreservingClustering));
}
