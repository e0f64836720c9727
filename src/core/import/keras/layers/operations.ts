/**
 * Functions of TensorFlow and Keras that are called on symbolic tensors, and stand between the layers: `x / 127.5 - 1` of
 * a `preprocess_input`, `x + y` of a residual block, `tf.nn.relu(x)`. Keras 2 stores them as TFOpLambda with the function's
 * name, Keras 3 as an operation with a class of its own.
 */
import { EspalierError } from '../../../errors.ts';
import type { ValueId } from '../../../network/network.ts';
import { type LayerContext, type LayerConverter, type LayerConverters, onlyInput, unsupported } from '../layer-converter.ts';
import { applyActivation } from './activations.ts';

type Operand = { readonly kind: 'value'; readonly id: ValueId } | { readonly kind: 'constant'; readonly values: readonly number[] };

/** `a ∘ b` of values and constants. */
type Arithmetic = (context: LayerContext, a: Operand, b: Operand) => ValueId;

const add: Arithmetic = (context, a, b) => {
  if (a.kind === 'value' && b.kind === 'value') return context.builder.binary(context.layer, 'add', a.id, b.id);
  if (a.kind === 'value' && b.kind === 'constant') return rescaled(context, a.id, [1], b.values);
  if (b.kind === 'value' && a.kind === 'constant') return rescaled(context, b.id, [1], a.values);
  return noValue(context);
};

const subtract: Arithmetic = (context, a, b) => {
  if (a.kind === 'value' && b.kind === 'value') return context.builder.binary(context.layer, 'sub', a.id, b.id);
  if (a.kind === 'value' && b.kind === 'constant')
    return rescaled(
      context,
      a.id,
      [1],
      b.values.map((value) => -value),
    );
  if (b.kind === 'value' && a.kind === 'constant') return rescaled(context, b.id, [-1], a.values);
  return noValue(context);
};

const multiply: Arithmetic = (context, a, b) => {
  if (a.kind === 'value' && b.kind === 'value') return context.builder.binary(context.layer, 'mul', a.id, b.id);
  if (a.kind === 'value' && b.kind === 'constant') return rescaled(context, a.id, b.values, [0]);
  if (b.kind === 'value' && a.kind === 'constant') return rescaled(context, b.id, a.values, [0]);
  return noValue(context);
};

const divide: Arithmetic = (context, a, b) => {
  if (b.kind === 'value')
    return unsupported(context, 'a division by what the network computes is not supported', 'divide by a constant, or multiply');
  if (a.kind === 'constant') return noValue(context);
  return rescaled(
    context,
    a.id,
    b.values.map((value) => 1 / value),
    [0],
  );
};

/** One factor and summand, or one for each channel. */
function rescaled(context: LayerContext, input: ValueId, scale: readonly number[], offset: readonly number[]): ValueId {
  const channels = context.builder.shapeOf(input).at(-1) ?? 1;
  const wrong = [scale, offset].find((values) => values.length !== 1 && values.length !== channels);
  if (wrong !== undefined)
    return unsupported(
      context,
      `a constant of ${wrong.length} numbers for ${channels} channels is not supported`,
      'use one number, or one for each channel',
    );
  const constant = (what: string, values: readonly number[]): Float32Array =>
    context.once(what, () => ({ shape: [values.length], data: Float32Array.from(values) })).data;
  return context.builder.rescale(context.layer, input, constant('scale', scale), constant('offset', offset));
}

function noValue(context: LayerContext): never {
  throw new EspalierError('invalid-model', 'calculates with constants alone', { where: context.config.where });
}

const arithmetic =
  (compute: Arithmetic): LayerConverter =>
  (context) => {
    const [a, b, ...more] = operandsOf(context);
    if (a === undefined || b === undefined || more.length > 0)
      throw new EspalierError('invalid-model', `takes two operands, got ${context.inputs.length + context.constants.length}`, {
        where: context.config.where,
      });
    return compute(context, a, b);
  };

function operandsOf({ inputs, constants }: LayerContext): readonly Operand[] {
  const operands: Operand[] = inputs.map((id) => ({ kind: 'value', id }));
  for (const { position, values } of constants) operands.splice(position, 0, { kind: 'constant', values });
  return operands;
}

const activation =
  (name: string): LayerConverter =>
  (context) =>
    applyActivation(context, onlyInput(context), name);

const functions: LayerConverters = {
  '__operators__.add': arithmetic(add),
  'math.add': arithmetic(add),
  'math.subtract': arithmetic(subtract),
  'math.multiply': arithmetic(multiply),
  'math.truediv': arithmetic(divide),
  'math.divide': arithmetic(divide),
  'nn.relu': activation('relu'),
  'nn.relu6': activation('relu6'),
  'nn.elu': activation('elu'),
  'nn.sigmoid': activation('sigmoid'),
  'math.sigmoid': activation('sigmoid'),
  'nn.tanh': activation('tanh'),
  'math.tanh': activation('tanh'),
  'nn.softmax': activation('softmax'),
  'nn.silu': activation('swish'),
  'nn.swish': activation('swish'),
};

/** Undefined for a function that has no converter. */
export function operationConverter(name: string): LayerConverter | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

/** Classes of Keras 3's operations. Of those that are layers too, the layer takes only values. */
export const operationLayers: LayerConverters = {
  TrueDivide: arithmetic(divide),
  Divide: arithmetic(divide),
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Silu: activation('swish'),
};

export const operationsWithConstants: LayerConverters = {
  Add: arithmetic(add),
  Subtract: arithmetic(subtract),
  Multiply: arithmetic(multiply),
};
