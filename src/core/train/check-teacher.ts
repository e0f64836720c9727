import { EspalierError } from '../errors.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network } from '../network/network.ts';
import type { ActivationFunction } from '../network/operations.ts';
import { elements, shapesText } from '../program/shapes.ts';
import { finalActivation } from './loss-value.ts';

/**
 * Whether a network can learn another one's predictions: the same inputs, and outputs of the same numbers and meaning.
 *
 * @param where names the teacher's file
 * @throws EspalierError `invalid-model`
 */
export function checkTeacher(network: Network, teacher: Network, where: string): void {
  const refuse = (what: string, fix: string): EspalierError => new EspalierError('invalid-model', `the teacher ${what}`, { where, fix });
  const [taken, wanted] = [textOf(teacher, teacher.inputs), textOf(network, network.inputs)];
  if (taken !== wanted) throw refuse(`takes ${taken}, the model ${wanted}`, 'distil from a model with the same inputs and preprocessing');
  const sizes = (of: Network): string => of.outputs.map((id) => elements(shapeOf(of, id))).join();
  if (sizes(teacher) !== sizes(network))
    throw refuse(
      `gives ${textOf(teacher, teacher.outputs)}, the model ${textOf(network, network.outputs)}`,
      'distil from a model with the same outputs: as many classes, in the same order',
    );
  network.outputs.forEach((id, place) => {
    const [own, others] = [finalActivation(network, id), finalActivation(teacher, teacher.outputs[place] ?? '')];
    if (!((isSigmoid(own) && isSoftmax(others)) || (isSoftmax(own) && isSigmoid(others)))) return;
    throw refuse(
      `ends in ${others} where the model ends in ${own} (output ${place})`,
      'distil from a model whose outputs mean the same: one class of all, or each class by itself',
    );
  });
}

/** Each class by itself. */
function isSigmoid(name: ActivationFunction | undefined): boolean {
  return name === 'sigmoid';
}

/** One class of all. */
function isSoftmax(name: ActivationFunction | undefined): boolean {
  return name === 'softmax' || name === 'logSoftmax';
}

function textOf(network: Network, ids: readonly string[]): string {
  return shapesText(ids.map((id) => shapeOf(network, id)));
}
