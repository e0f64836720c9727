import { EspalierError, unreachable } from '../../errors.ts';
import type { BuiltinOperator } from '../schema/builtin-operators.ts';
import type { Activation, Unary, UnaryFunction } from '../../network/operations.ts';
import { fixedQuantization } from '../../quantize/fixed-quantization.ts';
import type { WriteContext } from './write-context.ts';

/**
 * The operator of the same function; `swish` as `x * sigmoid(x)`, `erf` as a polynomial.
 *
 * @throws EspalierError `invalid-argument` for functions that `prepareForDeployment` replaces
 */
export function writeActivation(context: WriteContext, operation: Activation): void {
  const { graph, encoding } = context;
  const input = context.input(operation);
  switch (operation.function) {
    case 'relu':
      return graph.operator('RELU', [input], context.output(operation));
    case 'relu6':
      return graph.operator('RELU6', [input], context.output(operation));
    case 'sigmoid':
      return graph.operator('LOGISTIC', [input], context.output(operation));
    case 'tanh':
      return graph.operator('TANH', [input], context.output(operation));
    case 'softmax':
      return graph.operator('SOFTMAX', [input], context.output(operation), { beta: 1 });
    case 'logSoftmax':
      return graph.operator('LOG_SOFTMAX', [input], context.output(operation));
    case 'l2Normalize':
      return graph.operator('L2_NORMALIZATION', [input], context.output(operation), { activation: 'none' });
    case 'leakyRelu':
      return graph.operator('LEAKY_RELU', [input], context.output(operation), { alpha: operation.alpha });
    case 'hardSwish':
      return graph.operator('HARD_SWISH', [input], context.output(operation));
    case 'gelu':
      return graph.operator('GELU', [input], context.output(operation), { approximate: operation.alpha === 1 });
    case 'elu':
      return operation.alpha === 1 ? graph.operator('ELU', [input], context.output(operation)) : refuseComposite(operation);
    case 'swish': {
      const gate = context.inner(
        operation,
        'sigmoid',
        context.shapeOf(operation.output),
        encoding.inner(fixedQuantization('sigmoid', encoding.activationType(operation.output) ?? 'int8')),
      );
      graph.operator('LOGISTIC', [input], gate);
      return graph.operator('MUL', [input, gate], context.output(operation), { activation: 'none' });
    }
    case 'erf':
      return writeErf(context, operation, input);
    case 'softplus':
    case 'softsign':
    case 'mish':
    case 'celu':
      return refuseComposite(operation);
    default:
      return unreachable(operation.function);
  }
}

function refuseComposite(operation: Activation): never {
  throw new EspalierError('invalid-argument', `${operation.function} has no operator of its own`, {
    where: `layer "${operation.layer}"`,
    fix: 'write the network that prepareForDeployment gives',
  });
}

const unaryOperators: Readonly<Record<UnaryFunction, BuiltinOperator>> = {
  abs: 'ABS',
  exp: 'EXP',
  log: 'LOG',
  sqrt: 'SQRT',
  rsqrt: 'RSQRT',
};

/** The operator of the same function. */
export function writeUnary(context: WriteContext, operation: Unary): void {
  context.graph.operator(unaryOperators[operation.function], [context.input(operation)], context.output(operation));
}

/** Coefficients of powers of t from the highest to the first, and the divisor of `t = 1 / (1 + p |x|)`. */
const erfPolynomial = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
const erfDivisor = 0.3275911;
/** Above this magnitude the sign of a number is exact; below it erf is off by less than 2e-7. */
const smallestSigned = 1e-7;

/**
 * `sign(x) (1 - (a1 t + … + a5 t^5) exp(-x^2))`, exact to 1.5e-7: Abramowitz & Stegun 1964, equation 7.1.26. In float
 * alone: the terms cancel each other, which integers of 8 bits would not survive.
 */
function writeErf(context: WriteContext, operation: Activation, input: number): void {
  const { graph, encoding } = context;
  const shape = context.shapeOf(operation.output);
  const inner = (name: string): number => context.inner(operation, name, shape, encoding.value(operation.output));
  const number = (name: string, value: number): number => encoding.constant(`${operation.name}/${name}`, [1], Float32Array.of(value));
  const step = (operator: BuiltinOperator, name: string, inputs: readonly number[]): number => {
    const output = inner(name);
    graph.operator(operator, inputs, output, operator === 'MAXIMUM' || operator === 'MINIMUM' ? {} : { activation: 'none' });
    return output;
  };
  const magnitude = inner('magnitude');
  graph.operator('ABS', [input], magnitude);
  const one = number('one', 1);
  const t = step('DIV', 't', [one, step('ADD', 'divisor', [step('MUL', 'slope', [magnitude, number('p', erfDivisor)]), one])]);
  const [highest = 0, ...rest] = erfPolynomial;
  const powers = rest.reduce(
    (sum, coefficient, i) => step('ADD', `sum${i}`, [step('MUL', `power${i}`, [sum, t]), number(`a${rest.length - i}`, coefficient)]),
    number(`a${erfPolynomial.length}`, highest),
  );
  const square = step('MUL', 'square', [magnitude, magnitude]);
  const exponential = inner('exponential');
  graph.operator('EXP', [step('MUL', 'negated', [square, number('minusOne', -1)])], exponential);
  const tail = step('MUL', 'tail', [step('MUL', 'polynomial', [powers, t]), exponential]);
  const steep = step('MUL', 'steep', [input, number('steepness', 1 / smallestSigned)]);
  const sign = step('MINIMUM', 'sign', [step('MAXIMUM', 'above', [steep, number('lowest', -1)]), one]);
  graph.operator('MUL', [step('SUB', 'curve', [one, tail]), sign], context.output(operation), { activation: 'none' });
}
