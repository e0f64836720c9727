import { unreachable } from '../../errors.ts';
import type { Network } from '../../network/network.ts';
import type { QuantizedNetwork } from '../../quantize/quantization.ts';
import { applyClustering } from '../../techniques/clustering.ts';
import { applyCqat } from '../../techniques/cqat.ts';
import { applyFilterPruning } from '../../techniques/filter-pruning.ts';
import { applyFineTuningControl } from '../../techniques/fine-tuning-control.ts';
import { readyForDeployment } from '../../techniques/fold-constraints.ts';
import { applyPcqat } from '../../techniques/pcqat.ts';
import { applyPostTrainingQuantization } from '../../techniques/post-training-quantization.ts';
import { applyPqat } from '../../techniques/pqat.ts';
import { applyPruning } from '../../techniques/pruning.ts';
import { applyQuantizationAwareTraining, quantizeTrained } from '../../techniques/quantization-aware-training.ts';
import { applySparsityPreservingClustering } from '../../techniques/sparsity-preserving-clustering.ts';
import type { OptimizedModel } from '../../techniques/technique.ts';
import type { InterfaceType } from '../../../shared/recipe/quantization-options.ts';
import type { StageRequest } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';
import { decodeModel } from './stored-model.ts';
import { techniqueContext } from './technique-context.ts';
import {
  clusteringOptions,
  postTrainingQuantizationOptions,
  pruningOptions,
  quantizationAwareTrainingOptions,
  trainingOptions,
} from './technique-options.ts';

export interface FloatResult {
  readonly kind: 'float';
  readonly model: OptimizedModel;
}

export interface IntegerResult {
  readonly kind: 'integer';
  readonly model: OptimizedModel;
  readonly quantized: QuantizedNetwork;
  /** Of the file's inputs and outputs; default: that of its activations. */
  readonly interfaceType: InterfaceType | undefined;
}

export type TechniqueResult = FloatResult | IntegerResult;

/** Does to the parent's model what the stage says. */
export async function runTechnique(setting: StageSetting, request: StageRequest): Promise<TechniqueResult> {
  const { stage, rules } = request;
  if (stage.technique === 'baseline') return float({ network: setting.network, constraints: new Map(), ranges: undefined });
  const context = await techniqueContext(setting, request);
  const teacher = (): Network => decodeModel(request.baseline?.model, 'baseline').network;
  const parent = decodeModel(request.parent?.model, `parent of "${request.node.id}"`);
  switch (stage.technique) {
    case 'pruning': {
      const apply = stage.options.structure === 'filters' ? applyFilterPruning : applyPruning;
      return float(await apply(parent, context, pruningOptions(stage.options, rules, teacher)));
    }
    case 'clustering':
      return float(await applyClustering(parent, context, clusteringOptions(stage.options, rules, teacher)));
    case 'sparsity-preserving-clustering':
      return float(await applySparsityPreservingClustering(parent, context, clusteringOptions(stage.options, rules, teacher)));
    case 'fine-tuning':
      return float(await applyFineTuningControl(parent, context, trainingOptions(stage.options, teacher)));
    case 'ptq': {
      const quantized = await applyPostTrainingQuantization(parent, context, postTrainingQuantizationOptions(stage.options));
      const model = { ...readyForDeployment(parent), network: quantized.network, curve: [], trainingSeconds: undefined };
      return { kind: 'integer', model, quantized, interfaceType: stage.options.interface };
    }
    case 'qat':
    case 'pqat':
    case 'cqat':
    case 'pcqat': {
      const apply = { qat: applyQuantizationAwareTraining, pqat: applyPqat, cqat: applyCqat, pcqat: applyPcqat }[stage.technique];
      const model = await apply(parent, context, quantizationAwareTrainingOptions(stage.options, teacher));
      return { kind: 'integer', model, quantized: quantizeTrained(model), interfaceType: stage.options.interface };
    }
    default:
      return unreachable(stage);
  }
}

function float(model: OptimizedModel): FloatResult {
  return { kind: 'float', model };
}
