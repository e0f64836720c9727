import type { HostTensor } from './host-tensor.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';

/** Lengths of the parts of an axis; without sizes the parts are equal, but for a shorter last one. */
export function splitSizes(node: OnnxNode, length: number, given: HostTensor | undefined): readonly number[] {
  const sizes = given === undefined ? node.attributes.integers('split') : Array.from(given.data);
  const count = node.outputs.length;
  const chunk = Math.ceil(length / count);
  const found = sizes ?? Array.from({ length: count }, (_, i) => (i < count - 1 ? chunk : length - chunk * (count - 1)));
  if (found.length !== count || found.some((size) => !(size > 0)) || found.reduce((sum, size) => sum + size, 0) !== length)
    refuse(`of an axis of ${length} into [${found.join(', ')}] is not possible`);
  return found;
}
