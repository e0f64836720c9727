/** The real stages: techniques, the writer, the measures. */
import type { NetworkConstraints } from '../../constraints/constraint.ts';
import type { DataSplits } from '../../data/dataset.ts';
import type { Engine } from '../../engine/engine.ts';
import { unreachable } from '../../errors.ts';
import { evaluateNetwork } from '../../measure/evaluate-network.ts';
import type { Expectations } from '../../measure/expectation.ts';
import type { Network } from '../../network/network.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import type { QuantizedNetwork } from '../../quantize/quantization.ts';
import { roundedNetwork } from '../../quantize/rounded-network.ts';
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
import type { OptimizedModel, TechniqueContext } from '../../techniques/technique.ts';
import type { Checkpointing, Loss } from '../../train/fine-tuning.ts';
import { usableMemory } from '../../train/training-steps.ts';
import { decodeTrainingState, encodeTrainingState } from '../../train/training-state.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';
import { omit } from '../../../shared/omit.ts';
import type { Accuracy } from '../../../shared/results.ts';
import type { InterfaceType } from '../../../shared/recipe/quantization-options.ts';
import type { Stage } from '../deployment-tree.ts';
import { decodeStructure, encodeStructure } from '../store/structured-file.ts';
import { expectationsOf } from './expectations.ts';
import { measureNode } from './measure-node.ts';
import type { StageRequest, StageRunner } from './stage-runner.ts';
import { clusteringOptions, pruningOptions, quantizationAwareTrainingOptions, trainingOptions } from './technique-options.ts';

export interface StageSetting {
  readonly engine: Engine;
  readonly network: Network;
  readonly data: DataSplits;
  readonly loss: Loss;
  readonly seed: number;
  readonly latency: boolean;
  /** The bundled evaluation thread; without it files are measured on this thread. */
  readonly threadScript: string | undefined;
  /** That run stages at the same time, this one included: they share the memory. */
  readonly processes: number;
}

/** Whichever comes first; writing the state takes milliseconds. */
const STEPS_BETWEEN_CHECKPOINTS = 200;
const SECONDS_BETWEEN_CHECKPOINTS = 5;

/** What a stage made: its model, the bytes to ship, and what they must show. */
interface Product {
  readonly model: OptimizedModel;
  readonly tflite: Uint8Array;
  readonly simulated: Accuracy;
  readonly expectations: Expectations | undefined;
}

export function createStageRunner(setting: StageSetting): StageRunner {
  return async (request) => {
    const product = await produce(setting, request);
    const { metrics, densities } = await measureNode({
      tflite: product.tflite,
      parentTflite: request.parent?.tflite,
      expectations: product.expectations,
      simulated: product.simulated,
      test: setting.data.test,
      timeQuietly: setting.latency ? request.quietly.bind(request) : undefined,
      threads: setting.engine.threads,
      threadScript: setting.threadScript,
      trainingSeconds: product.model.trainingSeconds,
      curve: product.model.curve ?? [],
      signal: request.signal,
      onProgress: (fraction) => request.onProgress('evaluating', fraction),
    });
    // Without times, so that the same work gives the same bytes.
    const { network, constraints, ranges } = product.model;
    return { files: { model: encodeStructure({ network, constraints, ranges }), tflite: product.tflite }, metrics, densities };
  };
}

async function produce(setting: StageSetting, request: StageRequest): Promise<Product> {
  const { stage } = request;
  const context = await techniqueContext(setting, request);
  const teacher = (): Network => decodeModel(request.baseline?.model, 'baseline').network;
  switch (stage.technique) {
    case 'baseline': {
      const model = { network: setting.network, constraints: new Map(), ranges: undefined };
      const product = await floatProduct(setting, request, model);
      warnNearChance(setting, product.simulated, request.warn);
      return product;
    }
    case 'pruning':
      return floatProduct(
        setting,
        request,
        await (stage.options.structure === 'filters' ? applyFilterPruning : applyPruning)(
          parentModel(request),
          context,
          pruningOptions(stage.options, request.rules, teacher),
        ),
      );
    case 'clustering':
      return floatProduct(
        setting,
        request,
        await applyClustering(parentModel(request), context, clusteringOptions(stage.options, request.rules, teacher)),
      );
    case 'sparsity-preserving-clustering':
      return floatProduct(
        setting,
        request,
        await applySparsityPreservingClustering(parentModel(request), context, clusteringOptions(stage.options, request.rules, teacher)),
      );
    case 'fine-tuning':
      return floatProduct(
        setting,
        request,
        await applyFineTuningControl(parentModel(request), context, trainingOptions(stage.options, teacher)),
      );
    case 'ptq': {
      const { calibrationSamples, observer, activations, crossLayerEqualization, biasCorrection } = stage.options;
      const parent = parentModel(request);
      const quantized = await applyPostTrainingQuantization(parent, context, {
        ...(calibrationSamples === undefined ? {} : { samples: calibrationSamples }),
        ...(observer === undefined ? {} : { observer }),
        ...(activations === undefined ? {} : { activationType: activations }),
        ...(crossLayerEqualization === undefined ? {} : { crossLayerEqualization }),
        ...(biasCorrection === undefined ? {} : { biasCorrection }),
      });
      const deployed = readyForDeployment(parent);
      return integerProduct(
        setting,
        request,
        { ...deployed, network: quantized.network, curve: [], trainingSeconds: undefined },
        quantized,
        stage.options.interface,
      );
    }
    case 'qat':
    case 'pqat':
    case 'cqat':
    case 'pcqat': {
      const apply = { qat: applyQuantizationAwareTraining, pqat: applyPqat, cqat: applyCqat, pcqat: applyPcqat }[stage.technique];
      const model = await apply(parentModel(request), context, quantizationAwareTrainingOptions(stage.options, teacher));
      return integerProduct(setting, request, model, quantizeTrained(model), stage.options.interface);
    }
    default:
      return unreachable(stage);
  }
}

async function floatProduct(setting: StageSetting, request: StageRequest, model: OptimizedModel): Promise<Product> {
  request.onProgress('converting', 0);
  const deployed =
    request.stage.technique === 'baseline' ? { ...model, network: prepareForDeployment(model.network) } : readyForDeployment(model);
  const tflite = writeTflite({ kind: 'float', network: deployed.network });
  const simulated = await evaluateNetwork({
    engine: setting.engine,
    network: deployed.network,
    data: setting.data.test,
    signal: request.signal,
    onProgress: (fraction) => request.onProgress('evaluating', fraction),
  });
  const expectations =
    request.stage.technique === 'baseline' ? undefined : expectationsOf(deployed, [...request.lineage, request.stage], false);
  return { model, tflite, simulated, expectations: withoutParentZeros(expectations) };
}

async function integerProduct(
  setting: StageSetting,
  request: StageRequest,
  model: OptimizedModel,
  quantized: QuantizedNetwork,
  type: InterfaceType | undefined,
): Promise<Product> {
  request.onProgress('converting', 0);
  const interfaceType = type ?? (quantized.activationType === 'int16' ? 'int16' : 'int8');
  const tflite = writeTflite({ kind: 'integer', quantized, inputType: interfaceType, outputType: interfaceType });
  const simulated = await evaluateNetwork({
    engine: setting.engine,
    network: roundedNetwork(quantized),
    activations: quantized.activations,
    activationType: quantized.activationType,
    data: setting.data.test,
    signal: request.signal,
    onProgress: (fraction) => request.onProgress('evaluating', fraction),
  });
  const expectations = expectationsOf(model, [...request.lineage, request.stage], true);
  const certifiedAgainstParent = keepsParent(request.stage) ? expectations : withoutParentZeros(expectations);
  return { model, tflite, simulated, expectations: certifiedAgainstParent };
}

/** Whether the parent's zeros are this node's by design: quantization and the preserving schemes, not the plain controls. */
function keepsParent({ technique }: Stage): boolean {
  return technique === 'ptq' || technique === 'pqat' || technique === 'pcqat';
}

function withoutParentZeros(expectations: Expectations | undefined): Expectations | undefined {
  if (expectations === undefined) return undefined;
  return { ...expectations, weights: expectations.weights.map((weight) => omit(weight, 'keepsParentZeros')) };
}

async function techniqueContext({ engine, data, loss, seed, processes }: StageSetting, request: StageRequest): Promise<TechniqueContext> {
  const saved = await request.checkpoint.load();
  const checkpoint: Checkpointing = {
    everySteps: STEPS_BETWEEN_CHECKPOINTS,
    everySeconds: SECONDS_BETWEEN_CHECKPOINTS,
    save: (state) => request.checkpoint.save(encodeTrainingState(state)),
    ...(saved === undefined ? {} : { resumeFrom: decodeTrainingState(saved) }),
  };
  return {
    engine,
    data,
    loss,
    seed,
    signal: request.signal,
    checkpoint,
    ...(processes === 1 ? {} : { memoryBytes: usableMemory() / processes }),
    onProgress: request.onProgress.bind(request),
    warn: request.warn.bind(request),
  };
}

function parentModel(request: StageRequest): OptimizedModel {
  return decodeModel(request.parent?.model, `parent of "${request.node.id}"`);
}

interface StoredModel {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  readonly ranges?: OptimizedModel['ranges'];
}

function decodeModel(bytes: Uint8Array | undefined, where: string): OptimizedModel {
  if (bytes === undefined) throw new Error(`no model: ${where}`);
  const { network, constraints, ranges } = decodeStructure<StoredModel>(bytes, where);
  return { network, constraints, ranges };
}

function warnNearChance({ data }: StageSetting, accuracy: Accuracy, warn: (message: string) => void): void {
  const { target } = data.test;
  if (target.kind !== 'classes' || accuracy.top1 === undefined || accuracy.top1 > 1.5 / target.classes) return;
  warn(
    `the baseline scores ${(accuracy.top1 * 100).toFixed(1)}%, near chance for ${target.classes} classes: check the preprocessing (scale, normalise) and the order of classes in the data spec`,
  );
}
