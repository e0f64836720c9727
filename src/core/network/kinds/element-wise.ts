/** Operations on each element, or on elements in the same place of several values. */
import type { Shape } from '../network.ts';
import type { Activation, ActivationFunction, BatchNorm, Binary, Dropout, PRelu, Requantize, Rescale, Unary } from '../operations.ts';
import { broadcastShape, formatShape, sameShape } from '../shapes/shape.ts';
import type { FixedOutput, IntegerScale, OperationFacts, OperationShapes } from './operation-facts.ts';

const elementWise = {
  inputs: 1,
  channels: 'kept',
  parameters: () => [],
  shape: (_operation: unknown, { input }: { readonly input: Shape }): Shape => input,
  details: () => '',
  integerScale: (): IntegerScale => 'own',
} as const;

/** Each of the same parameters for a channel has its length. */
const isOneNumber = (shapes: OperationShapes, id: string): boolean => shapes.parameter(id).data.length === 1;

const activation: OperationFacts<Activation> = {
  ...elementWise,
  passesScale: ({ function: name }) => name === 'relu' || name === 'leakyRelu',
  details: ({ function: name }) => name,
  integerScale: ({ function: name }) => (isFixedOutput(name) ? name : 'own'),
  onSource: (operation) => (isAlongLastAxis(operation) ? undefined : operation),
};

function isFixedOutput(name: ActivationFunction): name is FixedOutput {
  return name === 'sigmoid' || name === 'tanh' || isAlong(name);
}

function isAlong(name: ActivationFunction): name is 'softmax' | 'logSoftmax' | 'l2Normalize' {
  return name === 'softmax' || name === 'logSoftmax' || name === 'l2Normalize';
}

/** Whether an activation mixes the elements along the last axis. */
export function isAlongLastAxis({ function: name }: Activation): boolean {
  return isAlong(name);
}

const unary: OperationFacts<Unary> = {
  ...elementWise,
  details: ({ function: name }) => name,
  onSource: (operation) => operation,
};

const binary: OperationFacts<Binary> = {
  ...elementWise,
  inputs: 2,
  shape({ function: name }, checks) {
    const [a, b = checks.input] = [checks.input, checks.inputs[1]];
    return broadcastShape(a, b) ?? checks.fail(`${name} of ${formatShape(a)} and ${formatShape(b)}: the shapes do not broadcast`);
  },
  details: ({ function: name, activation: fused }) => (fused === 'none' ? name : `${name}, ${fused}`),
  integerScale: ({ function: name }) => (name === 'max' || name === 'min' ? 'asAllInputs' : 'own'),
  onSource: (operation, _order, { inputs: [a, b] }) => (a?.length === b?.length ? operation : undefined),
};

const batchNorm: OperationFacts<BatchNorm> = {
  ...elementWise,
  parameters: ({ gamma, beta, mean, variance }) => [gamma, beta, mean, variance],
  shape(operation, checks) {
    const channels = checks.input.at(-1) ?? 0;
    for (const what of ['gamma', 'beta', 'mean', 'variance'] as const) checks.parameter(operation[what], what, [channels]);
    return checks.input;
  },
};

const rescale: OperationFacts<Rescale> = {
  ...elementWise,
  parameters: ({ scale, offset }) => [scale, offset],
  shape(operation, checks) {
    for (const what of ['scale', 'offset'] as const) {
      const [length] = checks.anyParameter(operation[what]);
      checks.parameter(operation[what], what, [length === 1 ? 1 : (checks.input.at(-1) ?? 0)]);
    }
    return checks.input;
  },
  isIdentity({ scale, offset }, shapes) {
    const everyIs = (id: string, expected: number): boolean => shapes.parameter(id).data.every((value) => value === expected);
    return everyIs(scale, 1) && everyIs(offset, 0);
  },
  onSource: (operation, _order, shapes) =>
    isOneNumber(shapes, operation.scale) && isOneNumber(shapes, operation.offset) ? operation : undefined,
};

const prelu: OperationFacts<PRelu> = {
  ...elementWise,
  parameters: ({ alpha }) => [alpha],
  shape(operation, checks) {
    const { input } = checks;
    const alpha = checks.anyParameter(operation.alpha);
    const broadcast = broadcastShape(input, alpha);
    if (alpha.length !== input.length || broadcast === undefined || !sameShape(broadcast, input))
      checks.fail(`alpha ${formatShape(alpha)} does not fit its input ${formatShape(input)}`);
    return input;
  },
};

const dropout: OperationFacts<Dropout> = {
  ...elementWise,
  details: ({ rate }) => `rate ${rate}`,
  isIdentity: () => true,
  integerScale: () => 'asInput',
  onSource: (operation) => operation,
};

const requantize: OperationFacts<Requantize> = {
  ...elementWise,
  isIdentity: () => true,
  onSource: (operation) => operation,
};

export const elementWiseKinds = { activation, unary, binary, batchNorm, rescale, prelu, dropout, requantize };
