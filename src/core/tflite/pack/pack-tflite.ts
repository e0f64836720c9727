import type { KernelPacking, PackGoal } from '../../../shared/packing.ts';
import { EspalierError } from '../../errors.ts';
import { floatTensors } from '../float-tensors.ts';
import { operatorsWithoutMicroKernel } from '../micro-operators.ts';
import { readTflite } from '../read-tflite.ts';
import { serializeTflite } from '../serialize-tflite.ts';
import type { TfliteModel } from '../tflite-model.ts';
import { mostLutValues } from './lut.ts';
import { packModel } from './pack-model.ts';
import { stripModel } from '../strip-model.ts';
import { hasDecoders, isPacked, unpackModel } from './unpack-model.ts';

/** How to pack a file. */
export interface PackOptions {
  readonly goal: PackGoal;
  /** Leave out names and metadata that TFLite Micro never reads; they do not come back with unpacking. */
  readonly strip?: boolean;
}

/** A packed file and what became of each kernel. */
export interface PackedTflite {
  readonly bytes: Uint8Array;
  readonly kernels: readonly KernelPacking[];
  /**
   * What unpacking gives: the same bytes, or an equal model in bytes of our writer, where the plain file is of another
   * writer or was stripped.
   */
  readonly undo: 'same-bytes' | 'equal-model';
}

/**
 * A .tflite with its kernels encoded for TFLite Micro's operator TFLM_DECODE. It computes the same integers: before it
 * is given, its bytes are read again, decoded by code that shares nothing with the encoders, and compared with `plain`.
 *
 * @param plain a fully integer .tflite
 * @throws EspalierError `invalid-model` for a damaged file; `unsupported-model` for one that computes in float, is
 * packed already, has operators that TFLite Micro has no kernel for, or no kernel that any scheme makes smaller
 */
export function packTflite(plain: Uint8Array, { goal, strip = false }: PackOptions): PackedTflite {
  const read = readTflite(plain);
  checkPackable(read);
  const model = strip ? stripModel(read) : read;
  const { bytes, kernels } = packedBytes(model, goal);
  if (bytes === undefined || bytes.length >= plain.length) throw nothingToPack(kernels, goal);
  const unpacked = serializeTflite(unpackModel(readTflite(bytes)));
  if (!equalBytes(unpacked, serializeTflite(model))) throw new Error('the packed file does not decode to the plain one');
  return { bytes, kernels, undo: equalBytes(unpacked, plain) ? 'same-bytes' : 'equal-model' };
}

/**
 * Bytes of the file as it would lie in flash: packed with its names kept, or plain where no kernel gets smaller.
 * Undefined for files that TFLite Micro cannot run as integers, so cannot be packed.
 */
export function packedSize(plain: Uint8Array, goal: PackGoal): number | undefined {
  const model = readTflite(plain);
  if (reasonNotPackable(model) !== undefined) return undefined;
  return Math.min(packedBytes(model, goal).bytes?.length ?? plain.length, plain.length);
}

/**
 * Where no kernel gets smaller, the layout for flash alone may pay: scales and names of networks with many channels take
 * much of a file. Undefined for `fast`, whose point is lookup tables.
 */
function packedBytes(
  model: TfliteModel,
  goal: PackGoal,
): { readonly bytes: Uint8Array | undefined; readonly kernels: readonly KernelPacking[] } {
  const { model: packed, kernels } = packModel(model, goal);
  if (hasDecoders(packed)) return { bytes: serializeTflite(packed, { layout: 'compact' }), kernels };
  return { bytes: goal === 'fast' ? undefined : serializeTflite({ ...packed, isForFlash: true }, { layout: 'compact' }), kernels };
}

/**
 * The plain file of a packed one.
 *
 * @throws EspalierError `invalid-argument` for a file that is not packed, `invalid-model` for a damaged one
 */
export function unpackTflite(packed: Uint8Array): Uint8Array {
  const model = readTflite(packed);
  if (!isPacked(model)) throw new EspalierError('invalid-argument', 'it is not packed', { fix: 'give a file that `espalier pack` wrote' });
  return serializeTflite(unpackModel(model));
}

/** @throws EspalierError `unsupported-model` */
function checkPackable(model: TfliteModel): void {
  const reason = reasonNotPackable(model);
  if (reason !== undefined) throw new EspalierError('unsupported-model', reason.what, { fix: reason.fix });
}

function nothingToPack(kernels: readonly KernelPacking[], goal: PackGoal): EspalierError {
  return goal === 'fast'
    ? new EspalierError(
        'unsupported-model',
        `none of its ${kernels.length} kernels gets smaller with a lookup table, which holds at most ${mostLutValues} values a channel`,
        {
          fix: 'cluster the network, or pack for flash, which also stores zeros and frequent values in fewer bits',
        },
      )
    : new EspalierError('unsupported-model', `none of its ${kernels.length} kernels gets smaller`, {
        fix: 'prune or cluster the network first; kernels of a few hundred weights stay plain',
      });
}

function reasonNotPackable(model: TfliteModel): { readonly what: string; readonly fix: string } | undefined {
  if (isPacked(model)) return { what: 'it is packed already', fix: 'unpack it first, with `espalier pack --undo`' };
  const floats = floatTensors(model);
  if (floats.length > 0) {
    return {
      what: `it is not fully integer: ${floats.length} tensors are float, such as "${floats[0] ?? ''}"`,
      fix: 'quantize it first: `espalier convert --mode int8`, or a node of the deployment tree that ends with quantization',
    };
  }
  const missing = operatorsWithoutMicroKernel(model);
  if (missing.length > 0)
    return {
      what: `TFLite Micro has no kernel for ${missing.join(', ')}`,
      fix: 'replace these operations in the model; nothing else decodes packed files',
    };
  return undefined;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
