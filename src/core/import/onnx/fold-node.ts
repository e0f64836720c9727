/** Nodes whose outputs are known when the model is read. */
import type { HostContext } from './host-context.ts';
import { constantOf, hostOperators } from './host-operators.ts';
import { integerVector, type HostTensor } from './host-tensor.ts';
import type { OnnxNode } from './onnx-graph.ts';
import { refuse } from './refusal.ts';
import { readTensor, type ExternalFiles } from './tensor-proto.ts';
import type { OnnxValue } from './value.ts';

export interface FoldContext {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly values: readonly (OnnxValue | undefined)[];
  readonly external: ExternalFiles;
}

/** The outputs, or undefined where the network has to compute them. */
export function foldNode({ node, opset, values, external }: FoldContext): readonly HostTensor[] | undefined {
  if (node.domain !== '') return undefined;
  const attribute = (name: string): HostTensor | undefined => {
    const tensor = node.attributes.get(name)?.t;
    return tensor === undefined ? undefined : readTensor(tensor, external);
  };
  if (node.op === 'Constant') return [constantOf({ node, attribute })];
  const [first] = values;
  // What shape a value has is known before what it holds.
  if (node.op === 'Shape' || node.op === 'Size') {
    const shape = first?.kind === 'computed' ? first.shape : first?.kind === 'constant' ? first.tensor.shape : undefined;
    return shape === undefined
      ? undefined
      : [node.op === 'Shape' ? shapeVector(node, shape) : scalar(shape.reduce((count, length) => count * length, 1))];
  }
  if (!Object.hasOwn(hostOperators, node.op)) return undefined;
  if (!values.every((value) => value === undefined || value.kind === 'constant')) return undefined;
  const input = (position: number): HostTensor | undefined => {
    const value = values[position];
    return value?.kind === 'constant' ? value.tensor : undefined;
  };
  const operator = hostOperators[node.op];
  const x = input(0);
  if (operator === undefined) return undefined;
  const context: HostContext = { node, opset, input, attribute };
  const result = operator(context, x ?? refuse('has no input'));
  return 'data' in result ? [result] : result;
}

/** Whether the operator can be folded at all. */
export function isHostOperator({ domain, op }: OnnxNode): boolean {
  return domain === '' && (op === 'Constant' || Object.hasOwn(hostOperators, op));
}

function shapeVector({ attributes }: OnnxNode, shape: readonly number[]): HostTensor {
  return integerVector(shape.slice(attributes.integer('start', 0), attributes.has('end') ? attributes.integer('end', 0) : undefined));
}

function scalar(value: number): HostTensor {
  return { type: 'int64', shape: [], data: Float64Array.of(value) };
}
