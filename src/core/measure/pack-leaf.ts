import type { PackGoal } from '../../shared/packing.ts';
import { isEspalierError } from '../errors.ts';
import { packTflite } from '../tflite/pack/pack-tflite.ts';

/** The packed form of a file; undefined where it computes in float or nothing makes it smaller. */
export function packLeaf(tflite: Uint8Array, goal: PackGoal): Uint8Array | undefined {
  try {
    return packTflite(tflite, { goal }).bytes;
  } catch (error) {
    if (isEspalierError(error) && error.code === 'unsupported-model') return undefined;
    throw error;
  }
}
