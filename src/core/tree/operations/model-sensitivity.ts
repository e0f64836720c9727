import { SENSITIVITY_VERSION, type Bytes, type SensitivityReport } from '../../../shared/sensitivity.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { checkData } from '../../data/check-data.ts';
import type { DataSet } from '../../data/dataset.ts';
import { createEngine } from '../../engine/create-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import { kernelCycles } from '../../hardware/kernel-cycles.ts';
import { chosenTarget, type HardwareTarget } from '../../hardware/targets.ts';
import { gzipSize } from '../../measure/file-sizes.ts';
import { measureSensitivity, overheadOf } from '../../sensitivity/measure-sensitivity.ts';
import { EspalierError } from '../../errors.ts';
import type { Network } from '../../network/network.ts';
import { kernelsOf } from '../../techniques/kernels.ts';
import { packedSize } from '../../tflite/pack/pack-tflite.ts';
import { importCompared } from '../import-compared.ts';
import { integerStructure } from './integer-structure.ts';
import { openModelData } from './open-model-data.ts';
import type { OperationContext } from './operation-context.ts';

export interface SensitivityQuestion {
  readonly model: string;
  readonly data: object | string;
  readonly inputShape?: InputShape | undefined;
  readonly threads?: number | undefined;
  /** What cycles are estimated for; `sensitivityTarget` by default. */
  readonly target?: string | undefined;
  readonly board?: string | undefined;
  /** A layer that the report has to have: asked for before the measurement, which takes minutes. */
  readonly layer?: string | undefined;
}

/** A core and an NPU that are sold together: what cycles are estimated for unless another target is chosen. */
export const sensitivityTarget = 'cortex-m55+ethos-u55-128';

/**
 * How much each layer of a model suffers from each choice; see `measureSensitivity`.
 *
 * @throws EspalierError as importing and opening data do; `invalid-argument` for a target or layer that is not known; `invalid-data`
 * without training examples; `cancelled`
 */
export async function modelSensitivity(
  { model, data, inputShape, threads, target, board, layer }: SensitivityQuestion,
  { signal, onProgress }: OperationContext,
): Promise<SensitivityReport> {
  const chosen = chosenTarget(target ?? (board === undefined ? sensitivityTarget : undefined), board);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const engine = await createEngine({ onNotice: warn, threads });
  const { network, warnings: notes } = await importCompared(model, { inputShapes: inputShapesOf(inputShape), engine });
  notes.forEach(warn);
  if (layer !== undefined) requireKernel(network, layer);
  const { train } = await openModelData(data, { inputs: inputsOf(network), outputs: outputsOf(network) }, warn);
  (await checkData(network, train)).forEach(warn);
  return {
    ...(await networkSensitivity({ engine, network, data: train, seed: 0, activations: true, target: chosen, signal, onProgress })),
    model,
    warnings,
  };
}

function requireKernel(network: Network, name: string): void {
  const layers = kernelsOf(network).map(({ layer }) => layer);
  if (layers.includes(name)) return;
  throw new EspalierError('invalid-argument', `no layer with a kernel is called "${name}"`, {
    where: '--layer',
    fix: layers.length === 0 ? 'the model has none' : `the model has ${layers.map((layer) => `"${layer}"`).join(', ')}`,
  });
}

export interface NetworkQuestion extends OperationContext {
  readonly engine: Engine;
  readonly network: Network;
  /** Training examples. */
  readonly data: DataSet;
  readonly seed: number;
  /** Whether files are written without the texts that no runtime needs. */
  readonly strip?: boolean | undefined;
  /** Whether choices of activations are measured too. */
  readonly activations?: boolean | undefined;
  /** Default: no cycles. */
  readonly target?: HardwareTarget | undefined;
}

export async function networkSensitivity(question: NetworkQuestion): Promise<Omit<SensitivityReport, 'model' | 'warnings'>> {
  const { engine, network, strip, target, onProgress } = question;
  const file = integerStructure(network, strip);
  const { divergence, examples, layers } = await measureSensitivity({
    ...question,
    cyclesOf: target && kernelCycles(file, target),
    onProgress: (fraction) => onProgress({ phase: 'measuring', fraction }),
  });
  return {
    version: SENSITIVITY_VERSION,
    divergence,
    examples,
    engine: engine.description,
    overhead: overheadOf(fileBytes(file), layers),
    targets: { cortexM: target?.core, ethosU: target?.npu },
    layers,
  };
}

/** Of the integer file that a network becomes. What an NPU reads besides kernels is not known from it. */
export function fileBytes(file: Uint8Array): Bytes {
  return { raw: file.length, gzip: gzipSize(file), packed: packedSize(file, 'small') ?? file.length, ethosU: 0 };
}
