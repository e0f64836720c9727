/** Values that are never below zero, around which padding a maximum with zeros changes nothing. */
import type { ValueId } from '../../network/network.ts';
import type { OnnxNode } from './onnx-graph.ts';
import type { OnnxValue } from './value.ts';

const always = new Set(['Relu', 'Sigmoid', 'HardSigmoid', 'Softmax', 'Softplus', 'Exp', 'Abs', 'Sqrt']);
/** Of values that are all non-negative. */
const whereInputsAre = new Set([
  'Add',
  'AveragePool',
  'Concat',
  'Dropout',
  'Gather',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Identity',
  'MaxPool',
  'Mul',
  'Pad',
  'Resize',
  'Slice',
  'Split',
  'Upsample',
]);

/** @param isKnown whether a value of the network is known to be one */
export function isNonNegative(node: OnnxNode, values: readonly (OnnxValue | undefined)[], isKnown: (id: ValueId) => boolean): boolean {
  if (always.has(node.op)) return true;
  if (node.op === 'Clip') {
    const least = values[1];
    return (least?.kind === 'constant' ? (least.tensor.data[0] ?? -1) : node.attributes.float('min', -1)) >= 0;
  }
  if (!whereInputsAre.has(node.op)) return false;
  const operands = ['Add', 'Concat', 'Mul'].includes(node.op) ? values : values.slice(0, 1);
  return operands.every((value) => {
    switch (value?.kind) {
      case 'computed':
        return isKnown(value.id);
      case 'constant':
        return value.tensor.data.every((number) => number >= 0);
      default:
        return value === undefined;
    }
  });
}
