/** Activation functions by name, and the layers that are nothing else. */
import type { Parameter, ValueId } from '../../../network/network.ts';
import type { FusedActivation } from '../../../network/operations.ts';
import { isArray, isObject, type Json } from '../../json.ts';
import { LayerConfig } from '../layer-config.ts';
import { type LayerContext, type LayerConverters, onlyInput, unsupported, weights } from '../layer-converter.ts';

/** What the `activation` field of a layer holds: a name, a serialized function, or an activation layer. */
export function applyActivation(context: LayerContext, input: ValueId, activation: Json | undefined): ValueId {
  if (activation === undefined || activation === null) return input;
  if (typeof activation === 'string') return applyNamed(context, input, activation);
  if (isObject(activation)) {
    const { class_name: className, config } = activation;
    if (className === 'function' && typeof config === 'string') return applyNamed(context, input, config);
    if (typeof className === 'string') {
      const converter = activationLayers[className];
      if (converter !== undefined) {
        return converter({
          ...context,
          className,
          inputs: [input],
          config: new LayerConfig(isObject(config) ? config : {}, context.config.where),
        });
      }
      return unsupported(context, `its activation "${className}" is not supported`, 'use one of the built-in activations');
    }
  }
  return unsupported(context, `its activation ${JSON.stringify(activation).slice(0, 80)} is not understood`);
}

/** Splits an activation into what an operation fuses and what is left to apply after it. */
export function fusedActivation(activation: Json | undefined): { readonly fused: FusedActivation; readonly rest: Json | undefined } {
  const name = isObject(activation) && activation['class_name'] === 'function' ? activation['config'] : activation;
  return name === 'relu' || name === 'relu6' ? { fused: name, rest: undefined } : { fused: 'none', rest: activation };
}

function applyNamed(context: LayerContext, input: ValueId, qualified: string): ValueId {
  const name = qualified.slice(qualified.lastIndexOf('>') + 1).toLowerCase();
  const { builder, layer } = context;
  switch (name) {
    case 'linear':
      return input;
    case 'relu':
    case 'relu6':
    case 'sigmoid':
    case 'tanh':
    case 'softmax':
      return builder.activation(layer, input, name);
    case 'elu':
      return builder.activation(layer, input, 'elu', 1);
    case 'swish':
    case 'silu':
      return builder.activation(layer, input, 'swish');
    case 'gelu':
      return builder.activation(layer, input, 'gelu', 0);
    case 'hard_swish':
    case 'hard_silu':
      return builder.activation(layer, input, 'hardSwish');
    case 'leaky_relu':
      return builder.activation(layer, input, 'leakyRelu', 0.2);
    case 'hard_sigmoid':
      return hardSigmoid(context, input);
    case 'selu':
      return selu(context, input);
    default:
      return unsupported(
        context,
        `activation "${qualified}" is not supported`,
        'use linear, relu, relu6, leaky_relu, elu, selu, sigmoid, hard_sigmoid, tanh, softmax, swish, hard_swish or gelu',
      );
  }
}

/** Keras 2: `clip(0.2 x + 0.5, 0, 1)`; Keras 3: `clip(x / 6 + 0.5, 0, 1)`. Both as a ReLU6 between two scalings. */
function hardSigmoid(context: LayerContext, input: ValueId): ValueId {
  const slope = context.keras >= 3 ? 1 : 1.2;
  const scaled = scale(context, input, 'hard_sigmoid_in', slope, 3);
  return scale(context, context.builder.activation(context.layer, scaled, 'relu6'), 'hard_sigmoid_out', 1 / 6, 0);
}

/** Klambauer et al. 2017, arXiv:1706.02515: `1.0507 * elu(x, 1.67326)`. */
function selu(context: LayerContext, input: ValueId): ValueId {
  return scale(context, context.builder.activation(context.layer, input, 'elu', 1.6732632423543772), 'selu', 1.0507009873554805, 0);
}

export function scale(context: LayerContext, input: ValueId, what: string, factor: number, offset: number): ValueId {
  const constant = (name: string, value: number): Float32Array =>
    context.once(`${what}/${name}`, () => ({ shape: [1], data: Float32Array.of(value) })).data;
  const { builder, layer } = context;
  return builder.add(layer, {
    kind: 'rescale',
    inputs: [input],
    scale: builder.parameter(`${layer}/${what}/scale`, { shape: [1], data: constant('scale', factor) }),
    offset: builder.parameter(`${layer}/${what}/offset`, { shape: [1], data: constant('offset', offset) }),
    learned: false,
  });
}

/** `max_value`, `negative_slope` and `threshold` of the ReLU layer. */
function relu(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const slope = config.single('negative_slope', 0);
  const threshold = config.single('threshold', 0);
  if (threshold !== 0) unsupported(context, `ReLU with threshold ${threshold} is not supported`, 'use a threshold of 0');
  if (!config.has('max_value'))
    return slope === 0 ? builder.activation(layer, input, 'relu') : builder.activation(layer, input, 'leakyRelu', slope);
  const maximum = config.single('max_value');
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
  const input = onlyInput(context);
  const rank = context.builder.shapeOf(input).length;
  const [axis = -1, ...more] =
    typeof context.config.raw('axis') === 'object' && context.config.has('axis')
      ? context.config.numbers('axis')
      : [context.config.integer('axis', -1)];
  if (more.length > 0 || (axis !== -1 && axis !== rank))
    unsupported(context, 'softmax is supported over the last axis only', 'permute the axes before it');
  return context.builder.activation(context.layer, input, 'softmax');
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
      context.config.single('negative_slope', context.config.single('alpha', 0.3)),
    ),
  ELU: (context) => context.builder.activation(context.layer, onlyInput(context), 'elu', context.config.single('alpha', 1)),
  PReLU: prelu,
  Softmax: softmax,
};

/** The axes of a normalization layer: a number or a list. */
export function axesOf(config: LayerConfig, rank: number): readonly number[] {
  const stored = config.raw('axis');
  const axes = isArray(stored) || isObject(stored) ? config.numbers('axis') : [config.integer('axis', -1)];
  // Keras counts the batch as axis 0.
  return axes.map((axis) => (axis < 0 ? axis + rank : axis - 1));
}
