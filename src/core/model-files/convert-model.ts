import type { ConversionMode, ConversionResult } from '../../shared/protocol.ts';
import { checkData } from '../data/check-data.ts';
import { openData } from '../data/open-data.ts';
import type { LocatedDataSpec } from '../data/read-data-spec.ts';
import { createEngine } from '../engine/create-engine.ts';
import { EspalierError, unreachable } from '../errors.ts';
import { importModel } from '../import/import-model.ts';
import { fileSizes } from '../measure/file-sizes.ts';
import type { Network } from '../network/network.ts';
import { prepareForDeployment } from '../network/passes/prepare-for-deployment.ts';
import { calibrate } from '../quantize/calibrate.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { loadRuntime } from '../tflite/runtime.ts';
import { writeTflite, type InterfaceType } from '../tflite/write-tflite.ts';
import { writeFileAtomically } from '../tree/store/atomic-files.ts';

export const conversionModes = ['float', 'float16', 'dynamic', 'int8', 'int16x8'] as const satisfies readonly ConversionMode[];

/** The guide's number of representative examples. */
const defaultSamples = 1000;

export interface ModelConversion {
  readonly model: string;
  readonly output: string;
  readonly mode: ConversionMode;
  /** Its training examples calibrate the activations of `int8` and `int16x8`. */
  readonly data?: LocatedDataSpec | undefined;
  /** Examples that calibrate; default: 1,000. */
  readonly samples?: number | undefined;
  /** Type of the file's inputs and outputs, of the integer modes; default: that of the activations. */
  readonly interface?: InterfaceType | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (phase: 'calibrating' | 'converting', fraction: number) => void;
  readonly onWarning?: (message: string) => void;
}

/**
 * A model of any format as a .tflite. The file is loaded into the embedded runtime before it takes its place, so that
 * nothing is left behind that does not run.
 *
 * @throws EspalierError as importing, opening data and writing do; `invalid-argument` for an integer mode without data
 */
export async function convertModel(conversion: ModelConversion): Promise<ConversionResult> {
  const { model, output, mode, onProgress, onWarning = () => undefined } = conversion;
  const imported = await importModel(model);
  for (const warning of imported.warnings) onWarning(warning);
  const network = prepareForDeployment(imported.network);
  const bytes = await encode(network, conversion);
  onProgress?.('converting', 1);
  const interpreter = await (await loadRuntime()).load(bytes);
  await interpreter.dispose();
  await writeFileAtomically(output, bytes);
  return { version: 1, output, mode, sizes: fileSizes(bytes) };
}

async function encode(network: Network, conversion: ModelConversion): Promise<Uint8Array> {
  const { mode } = conversion;
  switch (mode) {
    case 'float':
    case 'float16':
    case 'dynamic':
      if (conversion.interface !== undefined && conversion.interface !== 'float32') {
        throw new EspalierError('invalid-argument', `inputs and outputs of ${mode} files are float32`, { where: 'interface', fix: 'leave it out, or choose mode int8 or int16x8' });
      }
      return writeTflite({ kind: mode === 'dynamic' ? 'dynamicRange' : mode, network });
    case 'int8':
    case 'int16x8':
      return encodeInteger(network, conversion, mode === 'int8' ? 'int8' : 'int16');
    default:
      return unreachable(mode);
  }
}

async function encodeInteger(network: Network, conversion: ModelConversion, activationType: 'int8' | 'int16'): Promise<Uint8Array> {
  const { data, samples = defaultSamples, signal, onProgress, onWarning = () => undefined } = conversion;
  if (data === undefined) {
    throw new EspalierError('invalid-argument', `mode ${conversion.mode} needs data that calibrate the activations`, { where: 'data', fix: 'give a data block, or choose mode float, float16 or dynamic' });
  }
  const modelInputShape = network.values.get(network.inputs[0] ?? '')?.shape ?? [];
  const { train } = await openData(data.spec, data.folder, { seed: 0, modelInputShape, onWarning });
  for (const warning of await checkData(network, train)) onWarning(warning);
  if (train.size === 0) {
    throw new EspalierError('invalid-data', 'there are no training examples, which calibrate the activations', { where: train.name, fix: 'name training data in the data block; a few hundred examples are enough' });
  }
  const engine = await createEngine({ onNotice: onWarning });
  const ranges = await calibrate({ engine, network, data: train, samples, signal, onProgress: (fraction) => onProgress?.('calibrating', fraction) });
  const quantized = quantizeNetwork({ network, ranges, activationType });
  const type = conversion.interface ?? activationType;
  return writeTflite({ kind: 'integer', quantized, inputType: type, outputType: type });
}
