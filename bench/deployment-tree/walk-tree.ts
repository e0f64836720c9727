import type { Network } from '../../src/core/network/network.ts';
import { quantizeTrained } from '../../src/core/techniques/quantization-aware-training.ts';
import type { ClusteringOptions } from '../../src/shared/recipe/clustering-options.ts';
import type { PruningOptions } from '../../src/shared/recipe/pruning-options.ts';
import type { QuantizationAwareTrainingOptions } from '../../src/shared/recipe/quantization-options.ts';
import type { TrainingOptions } from '../../src/shared/recipe/training-options.ts';
import { apply, quantize } from '../../test/support/apply-technique.ts';
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
    report(await measureInteger(setting, name, await quantize(model, context), { ...model, trainingSeconds: 0 }));
  const aware = async (name: string, model: OptimizedModel): Promise<void> =>
    report(await measureInteger(setting, name, quantizeTrained(model), model));

  await float('baseline', base);
  await float('float control', await apply('fine-tuning', base, context, fineTuning));
  await quantized('baseline -> PTQ', base);
  await aware('QAT', await apply('qat', base, context, quantizationAwareTraining));

  const pruned = await float('pruned', await apply('pruning', base, context, pruning));
  await quantized('pruned -> PTQ', pruned);
  await aware('PQAT', await apply('pqat', pruned, context, quantizationAwareTraining));
  if (plainControls) await aware('plain QAT of pruned (control)', await apply('qat', pruned, context, quantizationAwareTraining));

  const clustered = await float('clustered', await apply('clustering', base, context, clustering));
  await quantized('clustered -> PTQ', clustered);
  await aware('CQAT', await apply('cqat', clustered, context, quantizationAwareTraining));
  if (plainControls) await aware('plain QAT of clustered (control)', await apply('qat', clustered, context, quantizationAwareTraining));

  const both = await float(
    'pruned, clustered',
    await apply('sparsity-preserving-clustering', pruned, context, sparsityPreservingClustering),
  );
  await quantized('pruned, clustered -> PTQ', both);
  await aware('PCQAT', await apply('pcqat', both, context, quantizationAwareTraining));
  if (plainControls) await aware('plain QAT of pruned, clustered (control)', await apply('qat', both, context, quantizationAwareTraining));
  await quantized('pruned, plainly clustered -> PTQ (control)', await apply('clustering', pruned, context, sparsityPreservingClustering));
}
