import type { OutputTarget } from '../data/target.ts';
import { unreachable } from '../errors.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { ActivationFunction, Operation } from '../network/operations.ts';
import { elements } from '../program/shapes.ts';
import type { LossKind } from './fine-tuning.ts';

/**
 * The value that a loss is computed from: for cross-entropies the logits, that is the input of a final softmax (or of its
 * logarithm, which PyTorch's models end in) or sigmoid where there is one, else the output is taken for logits; for
 * errors of numbers the output itself.
 */
export function lossValue(network: Network, loss: LossKind, place = 0): ValueId {
  const output = network.outputs[place];
  if (output === undefined) throw new RangeError(`network "${network.name}" has no output ${place}`);
  switch (loss) {
    case 'meanSquaredError':
    case 'meanAbsoluteError':
      return output;
    case 'binaryCrossEntropy':
      return beforeActivation(network, output, ['sigmoid']);
    case 'crossEntropy':
      return beforeActivation(network, output, ['softmax', 'logSoftmax']);
    default:
      return unreachable(loss);
  }
}

/** The function that an output ends in, looking through reshapes; undefined where it ends in another operation. */
export function finalActivation(network: Network, output: ValueId): ActivationFunction | undefined {
  const operation = beforeReshapes(network, output);
  return operation?.kind === 'activation' ? operation.function : undefined;
}

function beforeActivation(network: Network, output: ValueId, names: readonly ActivationFunction[]): ValueId {
  const operation = beforeReshapes(network, output);
  const input = operation?.inputs[0];
  return operation?.kind === 'activation' && input !== undefined && names.includes(operation.function) ? input : output;
}

function beforeReshapes(network: Network, output: ValueId): Operation | undefined {
  let id = output;
  for (;;) {
    const operation = network.operations.find((candidate) => candidate.output === id);
    const input = operation?.inputs[0];
    if (operation?.kind !== 'reshape' || input === undefined) return operation;
    if (elements(shapeOf(network, id)) !== elements(shapeOf(network, input))) return undefined;
    id = input;
  }
}

/** Classes of an output: a batch of it is `[batch * positions, classes]`. */
export interface ClassAxis {
  readonly positions: number;
  readonly classes: number;
}

/** @param shape of the output, of one example */
export function classAxis(shape: readonly number[], target: OutputTarget): ClassAxis {
  const size = elements(shape);
  const positions = target.kind === 'classMap' ? target.positions : target.kind === 'teacher' ? size / Math.max(shape.at(-1) ?? 1, 1) : 1;
  return { positions, classes: size / positions };
}
