import type { HostTensor } from './host-tensor.ts';
import { refuse } from './refusal.ts';

/** Counted from the front; ONNX counts negative axes from the end. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(found) || found < 0 || found >= Math.max(rank, 1)) refuse(`along axis ${axis} of ${rank} is not possible`);
  return found;
}

export function axesInput(tensor: HostTensor | undefined): readonly number[] {
  return tensor === undefined ? [] : Array.from(tensor.data);
}
