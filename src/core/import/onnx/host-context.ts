import { elementCount } from '../../network/shapes/shape.ts';
import type { HostTensor } from './host-tensor.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';

export interface HostContext {
  readonly node: OnnxNode;
  readonly opset: number;
  /** The tensor at a position; undefined where the optional input is left out. */
  input(position: number): HostTensor | undefined;
  /** The tensor of an attribute. */
  attribute(name: string): HostTensor | undefined;
}

export type HostOperator = (context: HostContext, x: HostTensor) => HostTensor | readonly HostTensor[];

/** Nothing that a network is made of has more elements; a damaged file asks for more easily. */
const mostElements = 2 ** 28;

/** Refuses a tensor that no network has. */
export function checkSize(shape: readonly number[]): void {
  const count = elementCount(shape);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || count > mostElements)
    refuse(`would make a constant of shape [${shape.join(', ')}]`, 'export the model again');
}
