import path from 'node:path';
import { isRecord } from '../../../shared/checked-json.ts';
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
import type { KeptLayers } from '../../sensitivity/kept-layers.ts';
import { measureSensitivity, overheadOf } from '../../sensitivity/measure-sensitivity.ts';
import { EspalierError, isEspalierError } from '../../errors.ts';
import type { Network } from '../../network/network.ts';
import { kernelsOf } from '../../techniques/kernels.ts';
import { packedSize } from '../../tflite/pack/pack-tflite.ts';
import { identityOf } from '../identity.ts';
import { importCompared } from '../import-compared.ts';
import { keepMeasured, keptFile, keptLayers, type MeasuredFrom } from '../layer-cache.ts';
import { readDataBlock } from '../recipe/read-data-block.ts';
import { readKept } from '../store/kept-figures.ts';
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
  /** Whether what earlier calls kept is left alone. */
  readonly ignoreCache?: boolean | undefined;
}

/** A core and an NPU that are sold together: what cycles are estimated for unless another target is chosen. */
export const sensitivityTarget = 'cortex-m55+ethos-u55-128';

export interface SensitivityContext extends OperationContext {
  /** Digest of the program: what other code measured is not used. */
  readonly code: string;
}

/**
 * How much each layer of a model suffers from each choice; see `measureSensitivity`. What has been measured is kept in
 * `.espalier` beside the model: the same question again is answered from there, and one that was ended goes on with the
 * layers that are done.
 *
 * @throws EspalierError as importing and opening data do; `invalid-argument` for a target or layer that is not known; `invalid-data`
 * without training examples; `cancelled`
 */
export async function modelSensitivity(question: SensitivityQuestion, context: SensitivityContext): Promise<SensitivityReport> {
  const { model, threads, target, board, layer, ignoreCache = false } = question;
  const chosen = chosenTarget(target ?? (board === undefined ? sensitivityTarget : undefined), board);
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const engine = await createEngine({ onNotice: warn, threads });
  const from = await measuredFrom(question, engine, context.code);
  const folder = path.dirname(path.resolve(model));
  const file = from && keptFile(folder, 'sensitivity', { ...from, version: SENSITIVITY_VERSION, target: chosen });
  const consequence = 'the layers are put together again';
  const known = file === undefined || ignoreCache ? undefined : await readKept(file, { guard: isKeptReport, consequence, report: warn });
  if (known !== undefined) {
    if (layer !== undefined)
      requireLayer(
        known.layers.map((each) => each.layer),
        layer,
      );
    return { ...known, model, warnings: [...warnings, ...known.warnings] };
  }
  const kept = from && keptLayers({ from, folders: [folder], ignoreCache, report: warn });
  const measured = await measureModel(question, { ...context, engine, kept, target: chosen });
  if (file !== undefined) await keepMeasured(folder, file, measured, warn);
  return { ...measured, model, warnings: [...warnings, ...measured.warnings] };
}

/** The same for every path of the model. */
type KeptReport = Omit<SensitivityReport, 'model'>;

/** The digest has been compared: these fields tell whether it is this kind of file. */
function isKeptReport(value: unknown): value is KeptReport {
  return isRecord(value) && value['version'] === SENSITIVITY_VERSION && Array.isArray(value['layers']) && Array.isArray(value['warnings']);
}

interface MeasureContext extends OperationContext {
  readonly engine: Engine;
  readonly kept: KeptLayers | undefined;
  readonly target: HardwareTarget;
}

async function measureModel(
  { model, data, inputShape, layer }: SensitivityQuestion,
  { engine, ...context }: MeasureContext,
): Promise<KeptReport> {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const { network, warnings: notes } = await importCompared(model, { inputShapes: inputShapesOf(inputShape), engine });
  notes.forEach(warn);
  if (layer !== undefined)
    requireLayer(
      kernelsOf(network).map((each) => each.layer),
      layer,
    );
  const { train } = await openModelData(data, { inputs: inputsOf(network), outputs: outputsOf(network) }, warn);
  (await checkData(network, train)).forEach(warn);
  return { ...(await networkSensitivity({ ...context, engine, network, data: train, seed: 0, activations: true })), warnings };
}

/** Undefined where model or data cannot be read: importing and opening them says why. */
async function measuredFrom(
  { model, data, inputShape }: SensitivityQuestion,
  engine: Engine,
  code: string,
): Promise<MeasuredFrom | undefined> {
  try {
    const { spec, folder } = await readDataBlock(data, '.');
    const resolved = { name: '', path: path.resolve(model), data: spec, dataFolder: folder, inputShapes: inputShapesOf(inputShape) };
    return { identity: await identityOf(resolved), seed: 0, engine: engine.description, code };
  } catch (error) {
    if (isEspalierError(error)) return undefined;
    throw error;
  }
}

function requireLayer(layers: readonly string[], name: string): void {
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
  /** Layers that are done. */
  readonly kept?: KeptLayers | undefined;
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
