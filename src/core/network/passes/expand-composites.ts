import type { Network, Parameter, ParameterId, Value, ValueId } from '../network.ts';
import type { Activation, ActivationFunction, BinaryFunction, Operation, UnaryFunction } from '../operations.ts';

/**
 * Activations that TFLite has no operator for become operations that it has, all of which exist as integer kernels. Each
 * step has a range of its own, so that a steep and a flat part are rounded apart.
 */
export function expandComposites(network: Network): Network {
  if (!network.operations.some(isComposite)) return network;
  const values = new Map<ValueId, Value>(network.values);
  const parameters = new Map<ParameterId, Parameter>(network.parameters);
  const operations = network.operations.flatMap((operation) => {
    if (!isComposite(operation)) return [operation];
    const steps = new Steps(operation, values, parameters);
    expand(steps, operation);
    return steps.operations;
  });
  return { ...network, operations, values, parameters };
}

function isComposite(operation: Operation): operation is Activation {
  if (operation.kind !== 'activation') return false;
  switch (operation.function) {
    case 'softplus':
    case 'softsign':
    case 'mish':
    case 'celu':
      return true;
    // TFLite's ELU has alpha 1.
    case 'elu':
      return operation.alpha !== 1;
    default:
      return false;
  }
}

/** The operations of one activation; the one without a part is the last and gives the activation's own output. */
class Steps {
  readonly operations: Operation[] = [];
  readonly #of: Activation;
  readonly #values: Map<ValueId, Value>;
  readonly #parameters: Map<ParameterId, Parameter>;

  constructor(of: Activation, values: Map<ValueId, Value>, parameters: Map<ParameterId, Parameter>) {
    this.#of = of;
    this.#values = values;
    this.#parameters = parameters;
  }

  get input(): ValueId {
    return this.#of.inputs[0] ?? '';
  }

  activation(part: string, x: ValueId, name: ActivationFunction): ValueId {
    return this.#add({ kind: 'activation', ...this.#step(part), inputs: [x], function: name, alpha: name === 'elu' ? 1 : 0 });
  }

  unary(part: string, x: ValueId, name: UnaryFunction): ValueId {
    return this.#add({ kind: 'unary', ...this.#step(part), inputs: [x], function: name });
  }

  binary(part: string, name: BinaryFunction, a: ValueId, b: ValueId): ValueId {
    return this.#add({ kind: 'binary', ...this.#step(part), inputs: [a, b], function: name, activation: 'none' });
  }

  /** `x * scale + offset` */
  scaled(part: string, x: ValueId, scale: number, offset = 0): ValueId {
    const step = this.#step(part);
    const parameter = (what: string, value: number): ParameterId => {
      const id = `${step.name}/${what}`;
      this.#parameters.set(id, { shape: [1], data: Float32Array.of(value) });
      return id;
    };
    return this.#add({
      kind: 'rescale',
      ...step,
      inputs: [x],
      scale: parameter('scale', scale),
      offset: parameter('offset', offset),
      learned: false,
    });
  }

  #step(part: string): { readonly name: string; readonly layer: string; readonly output: ValueId } {
    const { name, layer, output } = this.#of;
    return part === '' ? { name, layer, output } : { name: `${name}/${part}`, layer, output: `${output}/${part}` };
  }

  #add(operation: Operation): ValueId {
    this.#values.set(operation.output, this.#values.get(this.#of.output) ?? { shape: [] });
    this.operations.push(operation);
    return operation.output;
  }
}

function expand(steps: Steps, { function: name, alpha }: Activation): void {
  switch (name) {
    case 'softplus':
      softplus(steps, '');
      return;
    case 'softsign':
      softsign(steps);
      return;
    // Misra 2019, arXiv:1908.08681: `x tanh(softplus(x))`
    case 'mish':
      steps.binary('', 'mul', steps.input, steps.activation('gate', softplus(steps, 'softplus'), 'tanh'));
      return;
    // Barron 2017, arXiv:1704.07483: `max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1)`
    case 'celu':
      exponentialBelowZero(steps, alpha, 1 / alpha);
      return;
    case 'elu':
      exponentialBelowZero(steps, alpha, 1);
      return;
    default:
      throw new Error(`${name} is no composite`);
  }
}

/** `x / (1 + |x|)`, as a product with the square of a reciprocal root, since the integer division is not reliable. */
function softsign(steps: Steps): void {
  const root = steps.unary('root', steps.scaled('divisor', steps.unary('magnitude', steps.input, 'abs'), 1, 1), 'rsqrt');
  steps.binary('', 'mul', steps.input, steps.binary('reciprocal', 'mul', root, root));
}

/** `relu(x) + log(1 + exp(-|x|))`, a form that does not overflow. */
function softplus(steps: Steps, part: string): ValueId {
  const inner = (name: string): string => (part === '' ? name : `${part}/${name}`);
  const depth = steps.scaled(inner('depth'), steps.unary(inner('magnitude'), steps.input, 'abs'), -1);
  const sum = steps.scaled(inner('sum'), steps.unary(inner('power'), depth, 'exp'), 1, 1);
  const curve = steps.unary(inner('curve'), sum, 'log');
  return steps.binary(part, 'add', steps.activation(inner('above'), steps.input, 'relu'), curve);
}

/** `relu(x) + height * elu(-relu(-x) * steepness, 1)` */
function exponentialBelowZero(steps: Steps, height: number, steepness: number): void {
  const above = steps.activation('above', steps.input, 'relu');
  const depth = steps.activation('depth', steps.scaled('negated', steps.input, -1), 'relu');
  const curve = steps.activation('elu', steps.scaled('below', depth, -steepness), 'elu');
  steps.binary('', 'add', above, steps.scaled('curve', curve, height));
}
