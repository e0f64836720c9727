import { unreachable } from '../../errors.ts';
import type { ProgramBuilder } from '../builder.ts';
import type { Binary, Cast, RectifierGradient, Unary, Where } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { contributions, type Contribution, type Wanted } from './contribution.ts';
import { sumToShape } from './sum-to-shape.ts';

/**
 * `g * f'(x)`. Where f' can be had from the output y it is, so that x need not be kept: exp, sqrt, sigmoid, tanh, relu.
 * Functions that are flat almost everywhere (floor, round, sign, not) give nothing.
 */
export function unaryGradient(builder: ProgramBuilder, instruction: Unary, g: Tensor): Contribution[] {
  const { x, output: y } = instruction;
  const to = (gradient: Tensor): Contribution[] => [{ operand: x, gradient }];
  switch (instruction.function) {
    case 'neg':
      return to(builder.neg(g));
    case 'abs':
      return to(builder.mul(g, builder.sign(x)));
    case 'exp':
      return to(builder.mul(g, y));
    case 'log':
      return to(builder.div(g, x));
    case 'sqrt':
      return to(builder.div(builder.mul(g, 0.5), y));
    case 'reciprocal':
      return to(builder.neg(builder.mul(g, builder.square(y))));
    // From the output rather than the input, so that the input need not be kept for the backward pass.
    case 'relu':
      return to(builder.rectifierGradient(y, g));
    case 'relu6':
      return to(builder.rectifierGradient(y, g, 6));
    case 'sigmoid':
      return to(builder.mul(g, builder.mul(y, builder.sub(1, y))));
    case 'tanh':
      return to(builder.mul(g, builder.sub(1, builder.square(y))));
    case 'erf':
      return to(builder.mul(g, builder.mul(builder.exp(builder.neg(builder.square(x))), 2 / Math.sqrt(Math.PI))));
    case 'floor':
    case 'round':
    case 'sign':
    case 'not':
      return [];
    default:
      return unreachable(instruction.function);
  }
}

/**
 * The partial derivatives, summed over the axes along which an operand was broadcast. `max` and `min` give the gradient
 * to the first operand where both are equal; comparisons and logic give nothing.
 */
export function binaryGradient(builder: ProgramBuilder, instruction: Binary, g: Tensor, wanted: Wanted): Contribution[] {
  const { a, b, output: y } = instruction;
  const both = (forA: () => Tensor, forB: () => Tensor): Contribution[] =>
    contributions(wanted, [a, () => sumToShape(builder, forA(), a.shape)], [b, () => sumToShape(builder, forB(), b.shape)]);
  /** What the first operand does not get the second one does: a subtraction takes less than another selection. */
  const chosen = (isFirst: Tensor, isSecond: () => Tensor): Contribution[] => {
    const first = builder.where(isFirst, g, 0);
    return both(
      () => first,
      () => (wanted(a) && wanted(b) ? builder.sub(g, first) : builder.where(isSecond(), g, 0)),
    );
  };
  switch (instruction.function) {
    case 'add':
      return both(
        () => g,
        () => g,
      );
    case 'sub':
      return both(
        () => g,
        () => builder.neg(g),
      );
    case 'mul':
      return both(
        () => builder.mul(g, b),
        () => builder.mul(g, a),
      );
    case 'div':
      return both(
        () => builder.div(g, b),
        () => builder.neg(builder.div(builder.mul(g, y), b)),
      );
    case 'max':
      return chosen(builder.greaterEqual(a, b), () => builder.less(a, b));
    case 'min':
      return chosen(builder.lessEqual(a, b), () => builder.greater(a, b));
    case 'pow':
      return both(
        () => builder.mul(g, builder.mul(b, builder.pow(a, builder.sub(b, 1)))),
        // Where the base is 0 the power is constant in its exponent, and log would give 0 * -Infinity.
        () => builder.mul(g, builder.mul(y, builder.log(builder.where(builder.greater(a, 0), a, 1)))),
      );
    case 'greater':
    case 'greaterEqual':
    case 'less':
    case 'lessEqual':
    case 'equal':
    case 'and':
    case 'or':
      return [];
    default:
      return unreachable(instruction.function);
  }
}

/** `g` to the operand that was chosen, zeros to the other. */
export function whereGradient(builder: ProgramBuilder, instruction: Where, g: Tensor, wanted: Wanted): Contribution[] {
  const { condition, a, b } = instruction;
  return contributions(
    wanted,
    [a, () => sumToShape(builder, builder.where(condition, g, 0), a.shape)],
    [b, () => sumToShape(builder, builder.where(condition, 0, g), b.shape)],
  );
}

/** `g` unchanged to a float32 operand; none to others. */
export function castGradient(instruction: Cast, g: Tensor): Contribution[] {
  return instruction.x.type === 'float32' ? [{ operand: instruction.x, gradient: g }] : [];
}

/** The second derivative: linear in the first gradient, and zero almost everywhere in `y`. */
export function rectifierGradientGradient(
  builder: ProgramBuilder,
  { y, g: first, ceiling }: RectifierGradient,
  g: Tensor,
  wanted: Wanted,
): Contribution[] {
  return contributions(wanted, [first, () => builder.rectifierGradient(y, g, ceiling)]);
}
