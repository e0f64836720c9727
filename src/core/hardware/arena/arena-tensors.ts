import { EspalierError } from '../../errors.ts';
import { tensorBytes } from '../../tflite/schema/tensor-types.ts';
import { elementCount, type TfliteTensor } from '../../tflite/tflite-model.ts';

/** Bytes of a tensor in the arena, where int4 takes a byte each and a resource is a handle. */
export function arenaTensorBytes(tensor: TfliteTensor): number {
  const elements = elementCount(tensor.shape);
  if (tensor.type === 'int4') return elements;
  if (tensor.type === 'resource') return 4 * elements;
  const bytes = tensorBytes(tensor.type, elements);
  if (bytes === undefined) {
    throw new EspalierError('unsupported-model', `TFLite Micro has no tensors of type ${tensor.type}`, {
      where: `tensor "${tensor.name}"`,
      fix: 'profile a model of numbers only',
    });
  }
  return bytes;
}

/** Constants stay in flash, variables in the persistent part, unless the file prescribes a place for them. */
export function isInArena(tensor: TfliteTensor, fixedOffset: number | undefined): boolean {
  if (tensor.data !== undefined || arenaTensorBytes(tensor) === 0) return false;
  return !tensor.isVariable || fixedOffset !== undefined;
}
