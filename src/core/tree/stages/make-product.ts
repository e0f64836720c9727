/** From what a technique made to the file that is shipped, with what the file must show. */
import { unreachable } from '../../errors.ts';
import { evaluateNetwork } from '../../measure/evaluate-network.ts';
import type { Expectations } from '../../measure/expectation.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import { roundedNetwork } from '../../quantize/rounded-network.ts';
import { readyForDeployment } from '../../techniques/fold-constraints.ts';
import type { OptimizedModel } from '../../techniques/technique.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';
import { omit } from '../../../shared/omit.ts';
import type { Accuracy } from '../../../shared/results.ts';
import type { Stage } from '../deployment-tree.ts';
import { expectationsOf } from './expectations.ts';
import type { FloatResult, IntegerResult, TechniqueResult } from './run-technique.ts';
import type { StageRequest } from './stage-runner.ts';
import type { StageSetting } from './stage-setting.ts';

/** What a stage made: its model, the bytes to ship, and what they must show. */
export interface Product {
  readonly model: OptimizedModel;
  readonly tflite: Uint8Array;
  readonly simulated: Accuracy;
  readonly expectations: Expectations | undefined;
}

export function makeProduct(setting: StageSetting, request: StageRequest, result: TechniqueResult): Promise<Product> {
  request.onProgress('converting', 0);
  switch (result.kind) {
    case 'float':
      return floatProduct(setting, request, result);
    case 'integer':
      return integerProduct(setting, request, result);
    default:
      return unreachable(result);
  }
}

async function floatProduct(setting: StageSetting, request: StageRequest, { model }: FloatResult): Promise<Product> {
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
  { model, quantized, interfaceType: type }: IntegerResult,
): Promise<Product> {
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
