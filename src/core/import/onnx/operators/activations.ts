import { clipped, scaled } from '../../../network/compositions.ts';
import type { ActivationFunction } from '../../../network/operations.ts';
import { broadcastShape, sameShape } from '../../../network/shapes/shape.ts';
import { axisOf } from '../axes.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { arranged } from './broadcasting.ts';

const activation =
  (name: ActivationFunction, alpha: (context: NodeContext) => number = () => 0): NodeConverter =>
  (context) => {
    const value = context.input(0);
    return context.like(value, context.builder.activation(context.layer, value.id, name, alpha(context)));
  };

const attribute =
  (name: string, otherwise: number): ((context: NodeContext) => number) =>
  (context) =>
    context.node.attributes.float(name, otherwise);

/** `min` and `max` are attributes until operator set 10, inputs afterwards; either may be left out. */
function clip(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const bound = (position: number, name: string, otherwise: number): number =>
    context.constant(position, `a bound "${name}"`)?.data[0] ?? context.node.attributes.float(name, otherwise);
  const least = bound(1, 'min', -Infinity);
  const most = bound(2, 'max', Infinity);
  const limit = (bounded: number): number => (Math.abs(bounded) < unbounded ? bounded : Math.sign(bounded) * Infinity);
  return context.like(value, clipped(context.builder, context.layer, value.id, limit(least), limit(most)));
}

/** Exporters write the largest float where there is no bound. */
const unbounded = 3e38;

/** `max(0, min(1, alpha x + beta))` as ReLU6 of six times that. */
function hardSigmoid(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const [alpha, beta] = [node.attributes.float('alpha', 0.2), node.attributes.float('beta', 0.5)];
  const cut = builder.activation(layer, scaled(builder, layer, value.id, 'line', 6 * alpha, 6 * beta), 'relu6');
  return context.like(value, scaled(builder, layer, cut, 'sixth', 1 / 6));
}

/** `gamma * (x above 0, alpha * (exp(x) - 1) below)` */
function selu(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const curve = builder.activation(layer, value.id, 'elu', node.attributes.float('alpha', 1.67326319217681884765625));
  const gamma = node.attributes.float('gamma', 1.05070102214813232421875);
  return context.like(value, scaled(builder, layer, curve, 'gamma', gamma));
}

/** Below zero a slope for each channel, or for all. */
function prelu(context: NodeContext): ComputedValue {
  const { builder, layer } = context;
  const value = context.input(0);
  const slope = context.required(1, 'slope');
  if (!sameShape(broadcastShape(value.shape, slope.shape) ?? [], value.shape))
    refuse(`with a slope [${slope.shape.join(', ')}] for [${value.shape.join(', ')}] is not possible`);
  return context.like(value, builder.prelu(layer, value.id, arranged(slope, value)));
}

/** Over one axis from operator set 13 on; before, over all axes from the given one on. */
const softmax =
  (name: 'softmax' | 'logSoftmax'): NodeConverter =>
  (context) => {
    const { builder, layer, layout, node, opset } = context;
    const value = context.input(0);
    const rank = value.shape.length;
    const axis = axisOf(node.attributes.integer('axis', opset < 13 ? 1 : -1), rank);
    const together = opset < 13 ? value.shape.map((_, i) => i).filter((i) => i >= axis && value.shape[i] !== 1) : [axis];
    if (value.batch !== undefined && together.includes(value.batch))
      refuse('over the batch is not supported', 'apply it to one example at a time');
    if (together.length <= 1) {
      const over = together[0] ?? value.axes.at(-1) ?? axis;
      const ordered = layout.reordered(value, [...value.axes.filter((other) => other !== over), over], layer);
      return context.like(ordered, builder.activation(layer, ordered.id, name));
    }
    const ordered = layout.reordered(
      value,
      value.shape.map((_, i) => i).filter((i) => i !== value.batch),
      layer,
    );
    const stored = builder.shapeOf(ordered.id);
    const split = ordered.axes.findIndex((i) => i >= axis);
    const flat = layout.storedAs(
      ordered.id,
      [...stored.slice(0, split), stored.slice(split).reduce((product, length) => product * length, 1)],
      layer,
    );
    return context.like(ordered, layout.storedAs(builder.activation(layer, flat, name), stored, layer));
  };

/** Parametrized sigmoid: `x * sigmoid(alpha x)`. */
function swish(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  const alpha = node.attributes.float('alpha', 1);
  if (alpha === 1) return context.like(value, builder.activation(layer, value.id, 'swish'));
  const steeper = scaled(builder, layer, value.id, 'alpha', alpha);
  return context.like(value, builder.binary(layer, 'mul', value.id, builder.activation(layer, steeper, 'sigmoid')));
}

export const activationOperators: Readonly<Record<string, NodeConverter>> = {
  Relu: activation('relu'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  Mish: activation('mish'),
  Erf: activation('erf'),
  HardSwish: activation('hardSwish'),
  LeakyRelu: activation('leakyRelu', attribute('alpha', 0.01)),
  Elu: activation('elu', attribute('alpha', 1)),
  Celu: activation('celu', attribute('alpha', 1)),
  Gelu: activation('gelu', (context) => (context.node.attributes.text('approximate', 'none') === 'tanh' ? 1 : 0)),
  Swish: swish,
  Selu: selu,
  HardSigmoid: hardSigmoid,
  Clip: clip,
  PRelu: prelu,
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
};
