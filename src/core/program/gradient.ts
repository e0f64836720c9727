import type { ProgramBuilder } from './builder.ts';
import { instructionGradients } from './gradients/instruction-gradients.ts';
import { operandsOf } from './operands.ts';
import type { Instruction } from './instructions.ts';
import type { Tensor } from './program.ts';
import { elements } from './shapes.ts';

/**
 * Reverse-mode differentiation of a scalar: appends to the builder what computes d loss / d parameter, one tensor of
 * the parameter's shape each, and zeros where the loss does not depend on it. Only instructions that lie between a
 * parameter and the loss get a backward part.
 *
 * At a kink the gradient of one side is taken: `relu` 0 at 0; `max` and `min` give it to their first operand when both
 * are equal, so that `clip` passes it at its bounds; `maxPool2d` to the first of equal inputs; `reduce` max and min
 * share it equally.
 *
 * @throws RangeError when the loss is not a single float32 number, or a parameter is not float32
 * @example The gradient of a mean square by a weight matrix `w`:
 * ```ts
 * const loss = builder.mean(builder.square(builder.sub(builder.matmul(x, w), target)));
 * const [dw] = gradient(builder, loss, [w]);
 * ```
 */
export function gradient(builder: ProgramBuilder, loss: Tensor, parameters: readonly Tensor[]): Tensor[] {
  if (loss.type !== 'float32' || elements(loss.shape) !== 1)
    throw new RangeError(`gradient: the loss is ${loss.type} [${loss.shape.join(', ')}], not one float32 number`);
  const integer = parameters.find((parameter) => parameter.type !== 'float32');
  if (integer !== undefined) throw new RangeError(`gradient: a parameter is ${integer.type} [${integer.shape.join(', ')}], not float32`);

  const forward = builder.instructions.slice(0, loss.id + 1);
  const dependent = dependentOn(parameters, forward);
  const cotangents = new Map<number, Tensor>([[loss.id, builder.constant(new Float32Array(elements(loss.shape)).fill(1), loss.shape)]]);
  const accumulate = (operand: Tensor, g: Tensor): void => {
    const sum = cotangents.get(operand.id);
    cotangents.set(operand.id, sum === undefined ? g : builder.add(sum, g));
  };
  for (const instruction of forward.reverse()) {
    const g = cotangents.get(instruction.output.id);
    if (g === undefined || !dependent.has(instruction.output.id)) continue;
    for (const contribution of instructionGradients(builder, instruction, g, (operand) => dependent.has(operand.id))) {
      accumulate(contribution.operand, contribution.gradient);
    }
  }
  return parameters.map(
    (parameter) =>
      (dependent.has(loss.id) ? cotangents.get(parameter.id) : undefined) ?? builder.broadcastTo(builder.scalar(0), parameter.shape),
  );
}

/** Ids of the float tensors through which a gradient can reach a parameter. */
function dependentOn(parameters: readonly Tensor[], instructions: readonly Instruction[]): ReadonlySet<number> {
  const dependent = new Set(parameters.map((parameter) => parameter.id));
  for (const instruction of instructions) {
    if (instruction.output.type !== 'float32' || instruction.op === 'stopGradient') continue;
    const operands = instruction.op === 'straightThrough' ? [instruction.latent] : operandsOf(instruction);
    if (operands.some((operand) => dependent.has(operand.id))) dependent.add(instruction.output.id);
  }
  return dependent;
}
