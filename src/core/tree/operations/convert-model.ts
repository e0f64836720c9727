import type { Conversion, ConversionMode, ConversionResult } from '../../../shared/protocol.ts';
import { formatPercent } from '../../../shared/drawing/format.ts';
import { inputShapesOf } from '../../../shared/recipe/input-shape.ts';
import { checkInputs } from '../../data/check-data.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { createEngine } from '../../engine/create-engine.ts';
import { EspalierError, unreachable } from '../../errors.ts';
import { allFileSizes } from '../../measure/file-sizes.ts';
import type { Network, ValueId } from '../../network/network.ts';
import { prepareForDeployment } from '../../network/passes/prepare-for-deployment.ts';
import { hasEnoughZeros, type SparsePart, zerosOfPart } from '../../network/sparse-inference/sparse-part.ts';
import { calibrate, knownThroughout, statedRanges } from '../../quantize/calibrate.ts';
import type { Range } from '../../quantize/quantization.ts';
import { quantizeNetwork } from '../../quantize/quantize-network.ts';
import { requireSparsePart } from '../../techniques/pruning/sparse-inference.ts';
import { loadRuntime } from '../../tflite/runtime.ts';
import { floatIslandsWarning } from '../../quantize/integer-kernels.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';
import { importCompared } from '../import-compared.ts';
import { makeFolderOf, writeFileAtomically } from '../store/atomic-files.ts';
import { openModelData } from './open-model-data.ts';
import type { OperationContext } from './operation-context.ts';

export const conversionModes = ['float', 'float16', 'dynamic', 'int8', 'int16x8'] as const satisfies readonly ConversionMode[];

/** The guide's number of representative examples. */
const defaultSamples = 1000;

/** Bytes from which zstd -19 and Brotli of quality 11 take longer than the conversion. */
const slowlyCompressed = 4_000_000;

/** TensorFlow's guide asks for 100 to 500. */
const fewSamples = 100;

export interface ConversionContext extends OperationContext {
  /** Examples that calibrate; default: 1,000. */
  readonly samples?: number | undefined;
}

/**
 * A model of any format as a .tflite. The file is loaded into the embedded runtime before it takes its place, so that
 * nothing is left behind that does not run.
 *
 * @throws EspalierError as importing, opening data and writing do; `invalid-argument` for an integer mode without data, unless the model states
 * the range of every activation
 */
export async function convertModel(conversion: Conversion, context: ConversionContext): Promise<ConversionResult> {
  const { model, output, mode } = conversion;
  const imported = await importCompared(model, { inputShapes: inputShapesOf(conversion.inputShape) });
  const warnings = [...imported.warnings];
  const network = prepareForDeployment(imported.network);
  const bytes = await encode({ network, ranges: imported.ranges }, conversion, context, (warning) => warnings.push(warning));
  context.onProgress({ phase: 'converting', fraction: 1 });
  const interpreter = await (await loadRuntime()).load(bytes);
  await interpreter.dispose();
  await makeFolderOf(output);
  await writeFileAtomically(output, bytes);
  return {
    version: 1,
    output,
    mode,
    sizes: await allFileSizes(bytes, { largest: slowlyCompressed }),
    comparison: imported.comparison,
    warnings,
  };
}

/** What is quantized, and what its file states of its activations. */
interface Quantizable {
  readonly network: Network;
  readonly ranges: ReadonlyMap<ValueId, Range>;
}

async function encode(
  model: Quantizable,
  conversion: Conversion,
  context: ConversionContext,
  warn: (message: string) => void,
): Promise<Uint8Array> {
  const { mode } = conversion;
  if (conversion.sparse === true && mode !== 'float' && mode !== 'float16') {
    throw new EspalierError('invalid-argument', `XNNPACK has no sparse kernels for ${mode} files`, {
      where: 'sparse',
      fix: 'leave it out, or choose mode float or float16',
    });
  }
  switch (mode) {
    case 'float':
    case 'float16':
    case 'dynamic':
      if (conversion.interface !== undefined && conversion.interface !== 'float32') {
        throw new EspalierError('invalid-argument', `inputs and outputs of ${mode} files are float32`, {
          where: 'interface',
          fix: 'leave it out, or choose mode int8 or int16x8',
        });
      }
      if (mode === 'dynamic') return writeTflite({ kind: 'dynamicRange', network: model.network });
      return writeTflite({
        kind: mode,
        network: model.network,
        sparse: conversion.sparse === true ? sparsePartOf(model.network) : undefined,
      });
    case 'int8':
    case 'int16x8':
      return encodeInteger(model, conversion, mode === 'int8' ? 'int8' : 'int16', context, warn);
    default:
      return unreachable(mode);
  }
}

/** @throws EspalierError `invalid-argument` where a layer is in the way, or the model has too few zeros */
function sparsePartOf(network: Network): SparsePart {
  const part = requireSparsePart(network);
  const counted = zerosOfPart(network, part);
  if (hasEnoughZeros(counted)) return part;
  throw new EspalierError(
    'invalid-argument',
    `${formatPercent(counted.zeros / counted.weights, 1)} of the weights of its 1x1 convolutions are zeros, and XNNPACK takes its sparse kernels above 66.7%`,
    { where: 'sparse', fix: 'prune the model first, with "structure": "xnnpack" in a recipe' },
  );
}

async function encodeInteger(
  { network, ranges: stated }: Quantizable,
  conversion: Conversion,
  activationType: 'int8' | 'int16',
  context: ConversionContext,
  warn: (message: string) => void,
): Promise<Uint8Array> {
  const islands = floatIslandsWarning(network, activationType);
  if (islands !== undefined) warn(islands);
  const known = conversion.observer === undefined ? stated : undefined;
  const ranges =
    conversion.data === undefined
      ? statedThroughout(network, known, conversion.mode)
      : await calibrated(network, known, { ...conversion, data: conversion.data }, context, warn);
  const type = conversion.interface ?? activationType;
  return writeTflite({
    kind: 'integer',
    quantized: quantizeNetwork({ network, ranges, activationType }),
    inputType: type,
    outputType: type,
  });
}

type Ranges = ReadonlyMap<ValueId, Range>;

/** @throws EspalierError `invalid-argument` where the file does not state the range of each activation */
function statedThroughout(network: Network, known: Ranges | undefined, mode: ConversionMode): Ranges {
  const { ranges, missing } = knownThroughout(network, known);
  if (missing === 0) return ranges;
  const some = ranges.size === 0 ? '' : `: the model states the ranges of ${ranges.size} of ${ranges.size + missing}`;
  throw new EspalierError('invalid-argument', `mode ${mode} needs data (--data) that calibrate the activations${some}`, {
    where: 'data',
    fix: 'give a data block, or choose mode float, float16 or dynamic',
  });
}

async function calibrated(
  network: Network,
  known: Ranges | undefined,
  conversion: Conversion & { readonly data: object | string },
  context: ConversionContext,
  warn: (message: string) => void,
): Promise<Ranges> {
  const { train } = await openModelData(conversion.data, { inputs: inputsOf(network), outputs: outputsOf(network) }, warn);
  for (const warning of await checkInputs(network, train)) warn(warning);
  if (train.size === 0) {
    throw new EspalierError('invalid-data', 'there are no training examples, which calibrate the activations', {
      where: train.name,
      fix: 'name training data in the data block; a few hundred examples are enough',
    });
  }
  const samples = Math.min(context.samples ?? defaultSamples, train.size);
  if (samples < fewSamples)
    warn(`only ${samples} examples calibrate; with ${fewSamples} or more the ranges of activations are more certain`);
  const notice = statedRanges(network, known);
  if (notice !== undefined) warn(`${notice}; choose an observer (minmax) to calibrate all of them`);
  return calibrate({
    engine: await createEngine({ onNotice: warn }),
    network,
    data: train,
    samples,
    observer: conversion.observer,
    known,
    signal: context.signal,
    onProgress: (fraction) => context.onProgress({ phase: 'calibrating', fraction }),
  });
}
