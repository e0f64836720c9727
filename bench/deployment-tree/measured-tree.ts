/** The deployment tree by the techniques themselves, with every file measured in the runtime: what two benchmarks share. */
import { expectationsOf } from '../../src/core/tree/stages/make-product.ts';
import type { CertificateVerdict, WeightMetrics } from '../../src/shared/results.ts';
import type { Engine } from '../../src/core/engine/engine.ts';
import { certify } from '../../src/core/measure/certify.ts';
import { evaluateNetwork } from '../../src/core/measure/evaluate-network.ts';
import { evaluateTflite } from '../../src/core/measure/evaluate-tflite.ts';
import { fileSizes } from '../../src/core/measure/file-sizes.ts';
import { weightMetrics } from '../../src/core/measure/weight-metrics.ts';
import type { DataSplits } from '../../src/core/data/dataset.ts';
import { prepareModelForDeployment } from '../../src/core/techniques/fold-constraints.ts';
import type { OptimizedModel, TechniqueContext } from '../../src/core/techniques/technique.ts';
import { readTflite } from '../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../src/core/tflite/write-tflite.ts';
import type { QuantizedNetwork } from '../../src/core/quantize/quantization.ts';

export interface MeasuredNode {
  readonly name: string;
  readonly precision: 'fp32' | 'int8';
  /** Of the .tflite in LiteRT for int8, of the network on the engine for fp32. */
  readonly top1: number;
  readonly gzip: number;
  readonly weights: readonly WeightMetrics[];
  /** Against the constraints that were in force. */
  readonly certificate: CertificateVerdict;
  readonly trainingSeconds: number;
}

export interface TreeSetting {
  readonly engine: Engine;
  readonly data: DataSplits;
  readonly seed: number;
}

export function benchContext({ engine, data, seed }: TreeSetting): TechniqueContext {
  return {
    engine,
    data,
    loss: { kind: 'crossEntropy' },
    seed,
    signal: new AbortController().signal,
    parentTrained: false,
    teacher: () => {
      throw new Error('the benchmarks do not distil');
    },
    onProgress: () => undefined,
    warn: (message) => {
      console.log(`warning: ${message}`);
    },
  };
}

export async function measureFloat({ engine, data }: TreeSetting, name: string, model: OptimizedModel): Promise<MeasuredNode> {
  const deployed = prepareModelForDeployment(model);
  const { top1 = 0 } = await evaluateNetwork({ engine, network: deployed.network, data: data.test });
  const bytes = writeTflite({ kind: 'float', network: deployed.network });
  return measured(name, 'fp32', top1, bytes, deployed, model.trainingSeconds);
}

/** @param model what was quantized, for its constraints */
export async function measureInteger(
  { data }: TreeSetting,
  name: string,
  quantized: QuantizedNetwork,
  model: OptimizedModel,
): Promise<MeasuredNode> {
  const bytes = writeTflite({ kind: 'integer', quantized, inputType: 'int8', outputType: 'int8' });
  const { top1 = 0 } = await evaluateTflite({ bytes, data: data.test });
  return measured(name, 'int8', top1, bytes, { ...prepareModelForDeployment(model), network: quantized.network }, model.trainingSeconds);
}

function measured(
  name: string,
  precision: MeasuredNode['precision'],
  top1: number,
  bytes: Uint8Array,
  model: OptimizedModel,
  seconds: number | undefined,
): MeasuredNode {
  const expectations = expectationsOf(model, precision === 'int8', false);
  return {
    name,
    precision,
    top1,
    gzip: fileSizes(bytes).gzip,
    weights: weightMetrics(readTflite(bytes)),
    certificate: certify({ bytes, expectations }),
    trainingSeconds: seconds ?? 0,
  };
}

export function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}
