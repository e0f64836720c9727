import type { Parameter, ValueId } from '../../network/network.ts';
import type { NetworkBuilder } from '../../network/network-builder.ts';
import type { HostTensor } from './host-tensor.ts';
import type { Layout } from './layout.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';
import type { ComputedValue, ConstantValue, OnnxValue } from './value.ts';

/** One node that the network computes, with its tensors as values or constants. */
export class NodeContext {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly layout: Layout;
  /** What the operations are named after: the module of the exporter where its name is known, else the node. */
  readonly layer: string;
  readonly #values: readonly (OnnxValue | undefined)[];

  constructor(node: OnnxNode, opset: number, layout: Layout, layer: string, values: readonly (OnnxValue | undefined)[]) {
    this.node = node;
    this.opset = opset;
    this.layout = layout;
    this.layer = layer;
    this.#values = values;
  }

  get builder(): NetworkBuilder {
    return this.layout.builder;
  }

  get inputCount(): number {
    return this.#values.length;
  }

  /** The value or constant at a position; undefined where the optional input is left out. */
  value(position: number): ComputedValue | ConstantValue | undefined {
    const value = this.#values[position];
    return value === undefined || value.kind === 'unknown' ? undefined : value;
  }

  /** Like `value`, of an input that the operator must have. */
  operand(position: number): ComputedValue | ConstantValue {
    return this.value(position) ?? refuse(`lacks input ${position}`, 'export the model again');
  }

  /** The computed value at a position. */
  input(position: number): ComputedValue {
    const value = this.operand(position);
    return value.kind === 'computed' ? value : refuse(`reads a constant as input ${position}, which is not supported`);
  }

  /** The constant at a position; undefined where it is left out. */
  constant(position: number, what: string): HostTensor | undefined {
    const value = this.value(position);
    if (value?.kind === 'computed') refuse(`with ${what} that the network computes is not supported`, 'make it a constant of the model');
    return value?.kind === 'constant' ? value.tensor : undefined;
  }

  required(position: number, what: string): HostTensor {
    return this.constant(position, what) ?? refuse(`has no ${what}`, 'export the model again');
  }

  /** The same value after an operation on each of its elements. */
  like(value: ComputedValue, id: ValueId): ComputedValue {
    return { ...value, id };
  }
}

/** What a node computes: one value for each output that is used. */
export type NodeConverter = (context: NodeContext) => ComputedValue | readonly ComputedValue[];

const floats = new WeakMap<HostTensor, Map<string, Parameter>>();

/** A constant as a parameter of the network: the same object for the same `layout`, so that shared weights stay shared. */
export function parameterOf(tensor: HostTensor, layout: string, arrange: (tensor: HostTensor) => HostTensor): Parameter {
  const known = floats.get(tensor) ?? new Map<string, Parameter>();
  floats.set(tensor, known);
  const found = known.get(layout);
  if (found !== undefined) return found;
  const { shape, data } = arrange(tensor);
  const parameter = { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  known.set(layout, parameter);
  return parameter;
}

export function vector(tensor: HostTensor): Parameter {
  return parameterOf(tensor, 'vector', ({ type, data }) => ({ type, shape: [data.length], data }));
}
