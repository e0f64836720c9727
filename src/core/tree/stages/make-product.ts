/** Makes the file to ship from a technique's model, with the properties that the file must have. */
import { promiseOf } from '../../constraints/composition.ts';
import { findConstraint } from '../../constraints/constraint.ts';
import { evaluateNetwork } from '../../measure/evaluate-network.ts';
import type { Expectations, SharedZeros, WeightExpectation } from '../../constraints/expectation.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import type { SparsePart } from '../../network/sparse-inference/sparse-part.ts';
import type { QuantizedNetwork } from '../../quantize/quantization.ts';
import { roundedNetwork } from '../../quantize/rounded-network.ts';
import { prepareModelForDeployment } from '../../techniques/fold-constraints.ts';
import { kernelsOf, quantizationGranularity } from '../../techniques/kernels.ts';
import type { OptimizedModel, TechniqueResult } from '../../techniques/technique.ts';
import { floatIslandsWarning } from '../../quantize/integer-kernels.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';
import { inherits, techniqueRow } from '../../../shared/techniques.ts';
import type { Accuracy } from '../../../shared/results.ts';
import type { Stage } from '../deployment-tree.ts';
import type { StageRequest } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';
import { writeFloat } from './write-float.ts';

/** The result of a stage: its model, the bytes to ship, and the properties that they must have. */
export interface Product {
  readonly model: OptimizedModel;
  readonly tflite: Uint8Array;
  readonly simulated: Accuracy;
  readonly expectations: Expectations | undefined;
}

export function makeProduct(setting: StageSetting, request: StageRequest, result: TechniqueResult): Promise<Product> {
  request.onProgress('converting', 0);
  return result.quantized === undefined
    ? floatProduct(setting, request, result.model)
    : integerProduct(setting, request, result.model, result.quantized);
}

async function floatProduct(setting: StageSetting, request: StageRequest, model: OptimizedModel): Promise<Product> {
  const deployed =
    request.stage.technique === 'baseline' ? { ...model, network: prepareForDeployment(model.network) } : prepareModelForDeployment(model);
  const { tflite, sparse } = await writeFloat(deployed.network, deployed.constraints, request.warn);
  const simulated = await evaluateNetwork({
    engine: setting.engine,
    network: deployed.network,
    data: setting.data.test,
    signal: request.signal,
    onProgress: (fraction) => request.onProgress('evaluating', fraction),
  });
  // A float parent may have zeros of its own, which no mask holds: only the masks' zeros are promised.
  const expectations =
    request.stage.technique === 'baseline' ? undefined : withSparseStorage(expectationsOf(deployed, false, false), deployed, sparse);
  return { model, tflite, simulated, expectations };
}

function withSparseStorage(expectations: Expectations, { network }: OptimizedModel, part: SparsePart | undefined): Expectations {
  if (part === undefined) return expectations;
  const stored = new Set(part.pointwise.map(({ kernel }) => kernel));
  const kernels = kernelsOf(network);
  const weights = expectations.weights.map((weight, index) =>
    stored.has(kernels[index]?.parameter ?? '') ? { ...weight, sparse: true } : weight,
  );
  return { ...expectations, weights };
}

async function integerProduct(
  setting: StageSetting,
  request: StageRequest,
  model: OptimizedModel,
  quantized: QuantizedNetwork,
): Promise<Product> {
  const chosen = 'options' in request.stage && 'interface' in request.stage.options ? request.stage.options.interface : undefined;
  const interfaceType = chosen ?? quantized.activationType;
  const tflite = writeTflite({ kind: 'integer', quantized, inputType: interfaceType, outputType: interfaceType }, { strip: setting.strip });
  const simulated = await evaluateNetwork({
    engine: setting.engine,
    network: roundedNetwork(quantized),
    activations: quantized.activations,
    data: setting.data.test,
    signal: request.signal,
    onProgress: (fraction) => request.onProgress('evaluating', fraction),
  });
  // An operation without an integer kernel stays float between two conversions, so that nothing else can be promised.
  const islands = floatIslandsWarning(quantized.network, quantized.activationType);
  if (islands !== undefined) request.warn(islands);
  const fullInteger = islands === undefined;
  const expectations = withInt16Activations(expectationsOf(model, true, keepsParentZeros(request.stage)), quantized);
  return { model, tflite, simulated, expectations: { ...expectations, fullInteger } };
}

/** With the layers whose activations are int16 in a file of int8. */
export function withInt16Activations(expectations: Expectations, { network, activations, activationType }: QuantizedNetwork): Expectations {
  if (activationType === 'int16') return expectations;
  const isInt16 = kernelsOf(network).map(({ operation }) => activations.get(operation.inputs[0] ?? '')?.type === 'int16');
  if (!isInt16.includes(true)) return expectations;
  return {
    ...expectations,
    weights: expectations.weights.map((weight) => (isInt16[weight.kernel ?? -1] === true ? { ...weight, activationBits: 16 } : weight)),
  };
}

/** Whether the node must keep its parent's zeros: quantization and preserving techniques do, plain controls do not. */
function keepsParentZeros({ technique }: Stage): boolean {
  return technique !== 'baseline' && inherits(techniqueRow(technique), 'sparsity');
}

/**
 * What a node's .tflite must show, from the constraints that were in force when it was made.
 *
 * @param model as it was deployed (batch norms folded): its kernels are the file's, in order
 */
export function expectationsOf(model: OptimizedModel, fullInteger: boolean, keepsParentZeros: boolean): Expectations {
  const kernels = kernelsOf(model.network).map((kernel) => ({ kernel, constraints: model.constraints.get(kernel.parameter) ?? [] }));
  const weights = kernels.map(({ kernel, constraints }, index): WeightExpectation => {
    const promise = promiseOf(constraints, { integer: fullInteger, granularity: quantizationGranularity(kernel.operation) });
    return {
      layer: kernel.layer,
      kernel: index,
      ...promise,
      ...(keepsParentZeros && promise.zeros !== undefined ? { keepsParentZeros: true } : {}),
    };
  });
  return { weights, sharedZeros: sharedZerosOf(kernels.map(({ constraints }) => constraints)), fullInteger };
}

/** A demand on several kernels together is repeated for each of them. */
function sharedZerosOf(kernels: readonly Parameters<typeof findConstraint>[0][]): SharedZeros | undefined {
  const shared = kernels.flatMap((constraints, index) => {
    const demand = findConstraint(constraints, 'sparsity')?.demand;
    return demand?.kind === 'shared' ? [{ index, zeros: demand.zeros }] : [];
  });
  const [first] = shared;
  return first && { kernels: shared.map(({ index }) => index), zeros: first.zeros };
}
