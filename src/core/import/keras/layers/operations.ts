/**
 * Functions of TensorFlow and Keras that are called on symbolic tensors, and stand between the layers: `x / 127.5 - 1` of
 * a `preprocess_input`, `x + y` of a residual block, `tf.nn.relu(x)`. Keras 2 stores them as TFOpLambda with the function's
 * name, Keras 3 as an operation with a class of its own.
 */
import { EspalierError } from '../../../errors.ts';
import { arithmetic as arithmeticOf, clipped, softmaxAlong } from '../../../network/compositions.ts';
import type { ValueId } from '../../../network/network.ts';
import type { ActivationFunction, BinaryFunction, Reduce, UnaryFunction } from '../../../network/operations.ts';
import { type LayerContext, type LayerConverter, type LayerConverters, onlyInput, unsupported } from '../layer-converter.ts';
import { applyActivation, scale } from './activations.ts';
import { poolingLayers } from './pooling.ts';
import { flip, moveAxis, repeat, roll, swapAxes, take, tile } from './operation-moves.ts';
import { logSumExp, standardDeviation, variance } from './operation-statistics.ts';
import { asValue, fieldsOf, named, operandsOf } from './operation-arguments.ts';
import {
  broadcastTo,
  concatenate,
  depthToSpace,
  expandDimensions,
  flattenAll,
  getItem,
  pad,
  reshape,
  resize,
  spaceToDepth,
  splitInto,
  squeeze,
  stack,
  transpose,
  unstack,
} from './operation-shapes.ts';

const arithmetic =
  (name: BinaryFunction): LayerConverter =>
  (context) => {
    const [a, b, ...more] = operandsOf(context);
    if (a === undefined || b === undefined || more.length > 0)
      throw new EspalierError('invalid-model', `takes two operands, got ${context.inputs.length + context.constants.length}`, {
        where: context.config.where,
      });
    return arithmeticOf(context.builder, context.layer, name, a, b);
  };

const activation =
  (name: string): LayerConverter =>
  (context) =>
    applyActivation(context, onlyInput(context), name);

/** Of the vocabulary, with an alpha by the name that the function gives it. */
const withAlpha =
  (name: ActivationFunction, otherwise: number, ...fields: readonly [string, ...string[]]): LayerConverter =>
  (context) => {
    const config = fieldsOf(context);
    return context.builder.activation(context.layer, onlyInput(context), name, config.number(named(config, ...fields), otherwise));
  };

const gelu: LayerConverter = (context) =>
  context.builder.activation(
    context.layer,
    onlyInput(context),
    'gelu',
    fieldsOf(context).boolean('approximate', context.keras >= 3) ? 1 : 0,
  );

const softmax =
  (name: 'softmax' | 'logSoftmax'): LayerConverter =>
  (context) => {
    const input = onlyInput(context);
    const [axis = -1] = fieldsOf(context).axes('axis', context.builder.shapeOf(input).length, [-1]);
    return softmaxAlong(context.builder, context.layer, input, axis, name);
  };

const unary =
  (name: UnaryFunction): LayerConverter =>
  (context) =>
    context.builder.unary(context.layer, onlyInput(context), name);

const reduction =
  (name: Reduce['function']): LayerConverter =>
  (context) => {
    const { builder, layer } = context;
    const input = onlyInput(context);
    const fields = fieldsOf(context, 'axis', 'keepdims');
    if (!fields.has('axis')) return unsupported(context, 'a reduction over all axes, the batch too, is not supported', 'name the axes');
    return builder.reduce(layer, input, name, fields.axes('axis', builder.shapeOf(input).length, []), fields.boolean('keepdims', false));
  };

const clip: LayerConverter = (context) => {
  const fields = fieldsOf(context, 'clip_value_min', 'clip_value_max');
  const bound = (otherwise: number, ...names: readonly [string, ...string[]]): number => fields.number(named(fields, ...names), otherwise);
  const [low, high] = [bound(-Infinity, 'x_min', 'clip_value_min'), bound(Infinity, 'x_max', 'clip_value_max')];
  return clipped(context.builder, context.layer, onlyInput(context), low, high);
};

const square: LayerConverter = (context) => context.builder.binary(context.layer, 'mul', onlyInput(context), onlyInput(context));

function squaredDifference(context: LayerContext): ValueId {
  const [a = '', b = ''] = operandsOf(context);
  const difference = arithmeticOf(context.builder, context.layer, 'sub', a, b);
  return context.builder.binary(context.layer, 'mul', difference, difference);
}

function matrixProduct(context: LayerContext): ValueId {
  const fields = fieldsOf(context);
  const [a, b] = operandsOf(context).map((operand, i) => asValue(context, operand, i));
  if (a === undefined || b === undefined) throw new EspalierError('invalid-model', 'takes two operands', { where: context.config.where });
  return context.builder.batchMatmul(context.layer, a, b, {
    transposeA: fields.boolean('transpose_a', false),
    transposeB: fields.boolean('transpose_b', false),
  });
}

function l2Normalize(context: LayerContext): ValueId {
  const input = onlyInput(context);
  const rank = context.builder.shapeOf(input).length;
  const [axis, ...more] = fieldsOf(context).axes('axis', rank, [-1]);
  if (axis !== rank - 1 || more.length > 0)
    unsupported(context, 'normalization over other axes than the last is not supported', 'permute the axes before it');
  return context.builder.activation(context.layer, input, 'l2Normalize');
}

const reciprocal: LayerConverter = (context) =>
  arithmeticOf(context.builder, context.layer, 'div', { shape: [], data: Float32Array.of(1) }, onlyInput(context));

/** Of sequences or images, whichever the value is. */
const pooled =
  (name: 'Max' | 'Average'): LayerConverter =>
  (context) => {
    const axes = context.builder.shapeOf(onlyInput(context)).length - 1;
    const convert = poolingLayers[`${name}Pooling${axes}D`];
    return convert?.(context) ?? unsupported(context, `pooling over ${axes} axes is not supported`, 'pool sequences or images');
  };

const identity: LayerConverter = onlyInput;

interface Row {
  /** The class in Keras 3; the functions of TensorFlow, as Keras 2 names them. */
  readonly names: readonly string[];
  readonly convert: LayerConverter;
}

const row = (convert: LayerConverter, ...names: readonly string[]): Row => ({ names, convert });

const rows: readonly Row[] = [
  row(arithmetic('add'), '__operators__.add', 'math.add'),
  row(arithmetic('sub'), 'math.subtract', '__operators__.sub'),
  row(arithmetic('mul'), 'math.multiply', '__operators__.mul'),
  row(arithmetic('div'), 'TrueDivide', 'Divide', 'math.truediv', 'math.divide', 'math.divide_no_nan'),
  row(arithmetic('max'), 'math.maximum', 'maximum'),
  row(arithmetic('min'), 'math.minimum', 'minimum'),
  row(arithmetic('pow'), 'Power', 'math.pow', '__operators__.pow'),
  row(squaredDifference, 'math.squared_difference'),
  row(matrixProduct, 'Matmul', 'linalg.matmul', '__operators__.matmul'),
  row((context) => scale(context, onlyInput(context), 'negated', -1, 0), 'Negative', 'math.negative', '__operators__.neg'),
  row(square, 'Square', 'math.square'),
  row(unary('abs'), 'Absolute', 'Abs', 'math.abs'),
  row(unary('exp'), 'Exp', 'math.exp'),
  row(unary('log'), 'Log', 'math.log'),
  row(unary('sqrt'), 'Sqrt', 'math.sqrt'),
  row(unary('rsqrt'), 'Rsqrt', 'math.rsqrt'),
  row((context) => context.builder.activation(context.layer, onlyInput(context), 'erf'), 'Erf', 'math.erf'),
  row(clip, 'Clip', 'clip_by_value'),
  row(reduction('mean'), 'Mean', 'math.reduce_mean'),
  row(reduction('sum'), 'Sum', 'math.reduce_sum'),
  row(reduction('max'), 'Max', 'Amax', 'math.reduce_max'),
  row(reduction('min'), 'Min', 'Amin', 'math.reduce_min'),
  row(variance, 'Var', 'math.reduce_variance'),
  row(standardDeviation, 'Std', 'math.reduce_std'),
  row(logSumExp, 'Logsumexp', 'math.reduce_logsumexp'),
  row(reciprocal, 'Reciprocal', 'math.reciprocal'),
  row(pooled('Max'), 'MaxPool'),
  row(pooled('Average'), 'AveragePool'),
  row(activation('relu'), 'Relu', 'nn.relu'),
  row(activation('relu6'), 'Relu6', 'nn.relu6'),
  row(activation('sigmoid'), 'Sigmoid', 'nn.sigmoid', 'math.sigmoid'),
  row(activation('tanh'), 'Tanh', 'nn.tanh', 'math.tanh'),
  row(activation('swish'), 'Silu', 'nn.silu', 'nn.swish'),
  row(activation('softplus'), 'Softplus', 'math.softplus', 'nn.softplus'),
  row(activation('softsign'), 'Softsign', 'nn.softsign', 'math.softsign'),
  row(activation('selu'), 'Selu', 'nn.selu'),
  row(activation('hard_sigmoid'), 'HardSigmoid'),
  row(activation('hard_silu'), 'HardSilu', 'HardSwish'),
  row(activation('hard_tanh'), 'HardTanh'),
  row(activation('log_sigmoid'), 'LogSigmoid', 'math.log_sigmoid'),
  row(activation('tanh_shrink'), 'TanhShrink'),
  row(withAlpha('elu', 1, 'alpha'), 'Elu', 'nn.elu'),
  row(withAlpha('celu', 1, 'alpha'), 'Celu'),
  row(withAlpha('leakyRelu', 0.2, 'negative_slope', 'alpha'), 'LeakyRelu', 'nn.leaky_relu'),
  row(gelu, 'Gelu', 'nn.gelu'),
  row(softmax('softmax'), 'nn.softmax'),
  row(softmax('logSoftmax'), 'LogSoftmax', 'nn.log_softmax'),
  row(l2Normalize, 'Normalize', 'math.l2_normalize', 'nn.l2_normalize', 'linalg.l2_normalize'),
  row(reshape, 'reshape'),
  row(flattenAll, 'Ravel'),
  row(transpose, 'Transpose', 'transpose'),
  row(swapAxes, 'Swapaxes'),
  row(moveAxis, 'Moveaxis'),
  row(flip, 'Flip', 'reverse'),
  row(roll, 'Roll', 'roll'),
  row(repeat, 'Repeat', 'repeat'),
  row(squeeze, 'Squeeze', 'squeeze'),
  row(expandDimensions, 'ExpandDims', 'expand_dims'),
  row(concatenate, 'concat'),
  row(stack, 'Stack', 'stack'),
  row(unstack, 'Unstack', 'unstack'),
  row(splitInto, 'Split', 'split'),
  row(pad, 'Pad', 'pad'),
  row(getItem, 'GetItem', '__operators__.getitem', 'strided_slice'),
  row(take, 'Take', 'gather'),
  row(tile, 'Tile', 'tile'),
  row(broadcastTo, 'BroadcastTo', 'broadcast_to'),
  row(resize, 'Resize', 'image.resize'),
  row(depthToSpace, 'nn.depth_to_space'),
  row(spaceToDepth, 'nn.space_to_depth'),
  row(identity, 'Cast', 'cast', 'StopGradient', 'stop_gradient', 'identity', 'Copy', 'convert_to_tensor', 'ConvertToTensor'),
];

const functions = new Map(rows.flatMap(({ names, convert }) => names.map((name) => [name, convert] as const)));

/** Undefined for a function that has no converter. */
export function operationConverter(name: string): LayerConverter | undefined {
  return functions.get(name);
}

/** Classes of Keras 3's operations. Layers of the same class take only values. */
export const operationLayers: LayerConverters = Object.fromEntries(functions);

export const operationsWithConstants: LayerConverters = {
  Add: arithmetic('add'),
  Subtract: arithmetic('sub'),
  Multiply: arithmetic('mul'),
  Maximum: arithmetic('max'),
  Minimum: arithmetic('min'),
};
