import { elementCount } from '../../network/shapes/shape.ts';
import { axesInput, axisOf } from './axes.ts';
import type { HostTensor } from './host-tensor.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';

/** What Reshape, Flatten, Squeeze or Unsqueeze makes of a shape; the second input, where there is one, is `given`. */
export function targetShape(node: OnnxNode, shape: readonly number[], given: HostTensor | undefined): readonly number[] {
  const { attributes } = node;
  switch (node.op) {
    case 'Flatten': {
      const attribute = attributes.integer('axis', 1);
      const axis = attribute < 0 ? attribute + shape.length : attribute;
      return [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))];
    }
    case 'Squeeze': {
      const axes = given === undefined ? attributes.integers('axes') : axesInput(given);
      if (axes === undefined) return shape.filter((length) => length !== 1);
      const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)));
      for (const axis of gone) if (shape[axis] !== 1) refuse(`of axis ${axis} of [${shape.join(', ')}] is not possible: it is not 1`);
      return shape.filter((_, axis) => !gone.has(axis));
    }
    case 'Unsqueeze': {
      const axes = given === undefined ? (attributes.integers('axes') ?? []) : axesInput(given);
      const rank = shape.length + axes.length;
      const added = new Set(axes.map((axis) => axisOf(axis, rank)));
      const rest = shape.values();
      return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.next().value ?? 1)));
    }
    default:
      return reshapeTarget(node, shape, given);
  }
}

/** 0 takes the length of the same axis, -1 what is left over. */
function reshapeTarget(node: OnnxNode, shape: readonly number[], given: HostTensor | undefined): readonly number[] {
  const wanted = given === undefined ? (node.attributes.integers('shape') ?? []) : Array.from(given.data);
  const copies = node.attributes.integer('allowzero', 0) === 0;
  const known = wanted.map((length, axis) => (length === 0 && copies ? (shape[axis] ?? 0) : length));
  const rest = elementCount(known.filter((length) => length !== -1));
  const count = elementCount(shape);
  const result = known.map((length) => (length === -1 ? count / rest : length));
  if (known.filter((length) => length === -1).length > 1 || elementCount(result) !== count || !result.every(Number.isInteger))
    refuse(`of [${shape.join(', ')}] to [${wanted.join(', ')}] is not possible`);
  return result;
}
