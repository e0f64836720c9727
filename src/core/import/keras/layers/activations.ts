/** Activation functions by name, and the layers that are nothing else. */
import { clipped, softmaxAlong, thresholded } from '../../../network/compositions.ts';
import type { Parameter, ValueId } from '../../../network/network.ts';
import type { ActivationFunction, FusedActivation } from '../../../network/operations.ts';
import { isObject, type Json } from '../../json.ts';
import { LayerConfig } from '../layer-config.ts';
import { type LayerContext, type LayerConverters, onlyInput, unsupported, weights } from '../layer-converter.ts';

/** What the `activation` field of a layer holds: a name, a serialized function, or an activation layer. */
export function applyActivation(context: LayerContext, input: ValueId, activation: Json | undefined): ValueId {
  const { name, layer } = storedActivation(activation);
  if (name !== undefined) return applyNamed(context, input, name);
  if (layer === undefined) return input;
  const converter = Object.hasOwn(activationLayers, layer.className) ? activationLayers[layer.className] : undefined;
  if (converter === undefined)
    return unsupported(context, `its activation "${layer.className}" is not supported`, 'use one of the built-in activations');
  const output = converter({
    ...context,
    className: layer.className,
    inputs: [input],
    config: new LayerConfig(layer.config, context.config.where),
  });
  return typeof output === 'string' ? output : input;
}

/** Splits an activation into what an operation fuses and what is left to apply after it. */
export function fusedActivation(activation: Json | undefined): { readonly fused: FusedActivation; readonly rest: Json | undefined } {
  const { name } = storedActivation(activation);
  return name === 'relu' || name === 'relu6' ? { fused: name, rest: undefined } : { fused: 'none', rest: activation };
}

interface StoredActivation {
  readonly name?: string;
  readonly layer?: { readonly className: string; readonly config: Readonly<Record<string, Json | undefined>> };
}

function storedActivation(activation: Json | undefined): StoredActivation {
  if (typeof activation === 'string') return { name: activation };
  if (!isObject(activation)) return {};
  const { class_name: className, config } = activation;
  if (className === 'function' && typeof config === 'string') return { name: config };
  // TFMOT's quantizer of an activation, and the activation of a layer whose own has moved after a batch norm.
  if (className === 'QuantizeAwareActivation') return isObject(config) ? storedActivation(config['activation']) : {};
  if (className === 'NoOpActivation') return {};
  return typeof className === 'string' ? { layer: { className, config: isObject(config) ? config : {} } } : {};
}

/** Functions of the vocabulary, with their alpha. */
const functions: Readonly<Record<string, readonly [ActivationFunction, number?]>> = {
  relu: ['relu'],
  relu6: ['relu6'],
  sigmoid: ['sigmoid'],
  tanh: ['tanh'],
  softmax: ['softmax'],
  log_softmax: ['logSoftmax'],
  softplus: ['softplus'],
  softsign: ['softsign'],
  mish: ['mish'],
  elu: ['elu', 1],
  celu: ['celu', 1],
  swish: ['swish'],
  silu: ['swish'],
  gelu: ['gelu', 0],
  hard_swish: ['hardSwish'],
  hard_silu: ['hardSwish'],
  leaky_relu: ['leakyRelu', 0.2],
};

/** Functions that are compositions. */
const composed: Readonly<Record<string, (context: LayerContext, input: ValueId) => ValueId>> = {
  linear: (_context, input) => input,
  exponential: ({ builder, layer }, input) => builder.unary(layer, input, 'exp'),
  hard_sigmoid: hardSigmoid,
  selu,
  hard_tanh: ({ builder, layer }, input) => clipped(builder, layer, input, -1, 1),
  tanh_shrink: ({ builder, layer }, input) => builder.binary(layer, 'sub', input, builder.activation(layer, input, 'tanh')),
  // `-softplus(-x)`
  log_sigmoid: (context, input) =>
    scale(context, context.builder.activation(context.layer, scale(context, input, 'negated', -1, 0), 'softplus'), 'result', -1, 0),
  soft_shrink: softShrink,
  squareplus,
};

function applyNamed(context: LayerContext, input: ValueId, qualified: string): ValueId {
  const name = qualified.slice(qualified.lastIndexOf('>') + 1).toLowerCase();
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known !== undefined) return context.builder.activation(context.layer, input, known[0], known[1] ?? 0);
  const make = Object.hasOwn(composed, name) ? composed[name] : undefined;
  if (make !== undefined) return make(context, input);
  return unsupported(
    context,
    `activation "${qualified}" is not supported`,
    `use ${[...Object.keys(composed), ...Object.keys(functions)].join(', ')}`,
  );
}

/** Keras 2: `clip(0.2 x + 0.5, 0, 1)`; Keras 3: `clip(x / 6 + 0.5, 0, 1)`. Both as a ReLU6 between two scalings. */
function hardSigmoid(context: LayerContext, input: ValueId): ValueId {
  const slope = context.keras >= 3 ? 1 : 1.2;
  const before = scale(context, input, 'hard_sigmoid_in', slope, 3);
  return scale(context, context.builder.activation(context.layer, before, 'relu6'), 'hard_sigmoid_out', 1 / 6, 0);
}

/** Klambauer et al. 2017, arXiv:1706.02515: `1.0507 * elu(x, 1.67326)`. */
function selu(context: LayerContext, input: ValueId): ValueId {
  return scale(context, context.builder.activation(context.layer, input, 'elu', 1.6732632423543772), 'selu', 1.0507009873554805, 0);
}

/** `relu(x - 1/2) - relu(-x - 1/2)` */
function softShrink(context: LayerContext, input: ValueId): ValueId {
  const { builder, layer } = context;
  const above = builder.activation(layer, scale(context, input, 'above', 1, -0.5), 'relu');
  const below = builder.activation(layer, scale(context, input, 'below', -1, -0.5), 'relu');
  return builder.binary(layer, 'sub', above, below);
}

/** Barron 2021, arXiv:2112.11687: `(x + sqrt(x^2 + 4)) / 2`. */
function squareplus(context: LayerContext, input: ValueId): ValueId {
  const { builder, layer } = context;
  const root = builder.unary(layer, scale(context, builder.binary(layer, 'mul', input, input), 'radicand', 1, 4), 'sqrt');
  return scale(context, builder.binary(layer, 'add', input, root), 'half', 0.5, 0);
}

export function scale(context: LayerContext, input: ValueId, what: string, factor: number, offset: number): ValueId {
  const { builder, layer } = context;
  const constant = (name: string, value: number): Float32Array =>
    context.once(`${what}/${name}`, () => ({ shape: [1], data: Float32Array.of(value) })).data;
  return builder.rescale(layer, input, constant('scale', factor), constant('offset', offset), { name: `${layer}/${what}` });
}

/** `max_value`, `negative_slope` and `threshold` of the ReLU layer. */
function relu(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const slope = config.number('negative_slope', 0);
  const threshold = config.number('threshold', 0);
  const maximum = config.has('max_value') ? config.number('max_value') : Infinity;
  if (threshold !== 0) return thresholded(builder, layer, input, { threshold, slope, maximum });
  if (maximum === Infinity)
    return slope === 0 ? builder.activation(layer, input, 'relu') : builder.activation(layer, input, 'leakyRelu', slope);
  if (!(maximum > 0)) unsupported(context, `ReLU with max_value ${maximum} is not supported`, 'use a positive max_value');
  const bounded =
    maximum === 6
      ? builder.activation(layer, input, 'relu6')
      : scale(context, builder.activation(layer, scale(context, input, 'max_in', 6 / maximum, 0), 'relu6'), 'max_out', maximum / 6, 0);
  if (slope === 0) return bounded;
  const below = builder.activation(layer, scale(context, input, 'negated', -1, 0), 'relu');
  return builder.binary(layer, 'add', bounded, scale(context, below, 'slope', -slope, 0));
}

function softmax(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const shape = builder.shapeOf(input);
  const [axis = -1, ...more] = config.axes('axis', shape.length, [-1]);
  if (more.length === 0) return softmaxAlong(builder, layer, input, axis);
  // Several axes become one at the end, and come apart again.
  const axes = [axis, ...more];
  const order = [...shape.keys()].filter((each) => !axes.includes(each)).concat(axes);
  const last = builder.permute(layer, input, order);
  const kept = order.slice(0, -axes.length).map((each) => shape[each] ?? 1);
  const joined = builder.reshape(layer, last, [...kept, axes.reduce((product, each) => product * (shape[each] ?? 1), 1)]);
  const apart = builder.reshape(layer, builder.activation(layer, joined, 'softmax'), builder.shapeOf(last));
  return builder.permute(
    layer,
    apart,
    [...shape.keys()].map((each) => order.indexOf(each)),
  );
}

function prelu(context: LayerContext): ValueId {
  const input = onlyInput(context);
  const [alpha] = weights(context, ['alpha']);
  const parameter = context.once('alpha', (): Parameter => ({ shape: alpha?.shape ?? [], data: alpha?.read() ?? new Float32Array() }));
  return context.builder.prelu(context.layer, input, parameter);
}

export const activationLayers: LayerConverters = {
  Activation: (context) => applyActivation(context, onlyInput(context), context.config.raw('activation')),
  ReLU: relu,
  LeakyReLU: (context) =>
    context.builder.activation(
      context.layer,
      onlyInput(context),
      'leakyRelu',
      context.config.number('negative_slope', context.config.number('alpha', 0.3)),
    ),
  ThresholdedReLU: (context) =>
    thresholded(context.builder, context.layer, onlyInput(context), {
      threshold: context.config.number('theta', 1),
      slope: 0,
      maximum: Infinity,
    }),
  ELU: (context) => context.builder.activation(context.layer, onlyInput(context), 'elu', context.config.number('alpha', 1)),
  PReLU: prelu,
  Softmax: softmax,
};
