import type { Parameter, ValueId } from '../../../network/network.ts';
import type { Padding, Pair } from '../../../network/operations.ts';
import { transpose } from '../../tensor-layouts.ts';
import type { WeightTensor } from '../../weights.ts';
import {
  inputRank,
  type LayerContext,
  type LayerConverter,
  type LayerConverters,
  onlyInput,
  unsupported,
  weights,
} from '../layer-converter.ts';
import { applyActivation, fusedActivation } from './activations.ts';
import { inChannelsLast } from './channels-first.ts';

/** What a 1-d and a 2-d layer have in common, in two dimensions. */
interface Window {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

function window2d(context: LayerContext): Window {
  const { config } = context;
  return { strides: config.pair('strides', [1, 1]), dilations: config.pair('dilation_rate', [1, 1]), padding: config.padding() };
}

/** A 1-d layer is a 2-d layer of height 1; causal padding is done beforehand. */
function window1d(context: LayerContext): Window {
  const { config } = context;
  const causal = config.raw('padding') === 'causal';
  return {
    strides: [1, config.number('strides', 1)],
    dilations: [1, config.number('dilation_rate', 1)],
    padding: causal ? 'valid' : config.padding(),
  };
}

/** Runs a 2-d operation on `[length, c]`. */
function inTwoDimensions(context: LayerContext, input: ValueId, apply: (input: ValueId) => ValueId): ValueId {
  const { builder, layer, config } = context;
  const [length = 0, channels = 0] = builder.shapeOf(input);
  let image = builder.reshape(layer, input, [1, length, channels]);
  if (config.raw('padding') === 'causal') {
    const before = (config.number('kernel_size') - 1) * config.number('dilation_rate', 1);
    image = builder.pad(layer, image, [
      [0, 0],
      [before, 0],
      [0, 0],
    ]);
  }
  const output = apply(image);
  const [, width = 0, out = 0] = builder.shapeOf(output);
  return builder.reshape(layer, output, [width, out]);
}

const useBias = (context: LayerContext): boolean => context.config.boolean('use_bias', true);

function biasOf(context: LayerContext, tensor: WeightTensor | undefined): Parameter | undefined {
  return tensor === undefined ? undefined : context.once('bias', () => ({ shape: tensor.shape, data: tensor.read() }));
}

/** Keras `[kh, kw, in, out]` (1-d: `[k, in, out]`) as `[out, kh, kw, in]`. */
function convolutionKernel(tensor: WeightTensor): Parameter {
  const [kh = 0, kw = 0, input = 0, output = 0] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  return { shape: [output, kh, kw, input], data: transpose(tensor.read(), [kh, kw, input, output], [3, 0, 1, 2]) };
}

/** Keras `[kh, kw, in, multiplier]` (1-d: `[k, in, multiplier]`) as `[1, kh, kw, in * multiplier]`: the same order. */
function depthwiseKernel(tensor: WeightTensor): Parameter {
  const [kh = 0, kw = 0, input = 0, multiplier = 0] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  return { shape: [1, kh, kw, input * multiplier], data: tensor.read() };
}

/** Keras `[kh, kw, out, in]` as `[out, kh, kw, in]`. */
function transposeKernel(tensor: WeightTensor): Parameter {
  const [kh = 0, kw = 0, output = 0, input = 0] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  return { shape: [output, kh, kw, input], data: transpose(tensor.read(), [kh, kw, output, input], [2, 0, 1, 3]) };
}

function convolution(context: LayerContext, input: ValueId, window: Window): ValueId {
  const { builder, layer, config } = context;
  const [kernel, bias] = weights(context, useBias(context) ? ['kernel', 'bias'] : ['kernel']);
  if (kernel === undefined) return unsupported(context, 'has no kernel');
  const channels = builder.shapeOf(input).at(-1) ?? 0;
  const groups = config.integer('groups', 1);
  // One filter or several a channel are a depthwise convolution, whose kernel has the same order.
  const isDepthwise = groups > 1 && groups === channels;
  const activation = fusedActivation(config.raw('activation'));
  const options = {
    kernel: context.once('kernel', () => (isDepthwise ? channelwiseKernel(kernel) : convolutionKernel(kernel))),
    bias: biasOf(context, bias),
    activation: activation.fused,
    ...window,
  };
  const output = isDepthwise ? builder.depthwiseConv2d(layer, input, options) : builder.conv2d(layer, input, options);
  return applyActivation(context, output, activation.rest);
}

/** Keras `[kh, kw, 1, out]` as `[1, kh, kw, out]`: the same order. */
function channelwiseKernel(tensor: WeightTensor): Parameter {
  const [kh = 0, kw = 0, , output = 0] = tensor.shape.length === 3 ? [1, ...tensor.shape] : tensor.shape;
  return { shape: [1, kh, kw, output], data: tensor.read() };
}

function depthwise(context: LayerContext, input: ValueId, window: Window): ValueId {
  const { builder, layer, config } = context;
  // Keras 3 calls the depthwise kernel "kernel" in its own attribute names.
  const depthwiseName = context.tensors.some((tensor) => tensor.name.endsWith('depthwise_kernel')) ? 'depthwise_kernel' : 'kernel';
  const [kernel, bias] = weights(context, useBias(context) ? [depthwiseName, 'bias'] : [depthwiseName]);
  if (kernel === undefined) return unsupported(context, 'has no kernel');
  const activation = fusedActivation(config.raw('activation'));
  const output = builder.depthwiseConv2d(layer, input, {
    kernel: context.once('kernel', () => depthwiseKernel(kernel)),
    bias: biasOf(context, bias),
    activation: activation.fused,
    ...window,
  });
  return applyActivation(context, output, activation.rest);
}

/** A depthwise convolution without bias, then a 1x1 convolution. */
function separable(context: LayerContext, input: ValueId, window: Window): ValueId {
  const { builder, layer, config } = context;
  const [depthwiseTensor, pointwise, bias] = weights(context, [
    'depthwise_kernel',
    'pointwise_kernel',
    ...(useBias(context) ? ['bias'] : []),
  ]);
  if (depthwiseTensor === undefined || pointwise === undefined) return unsupported(context, 'has no kernel');
  const spread = builder.depthwiseConv2d(`${layer}/depthwise`, input, {
    kernel: context.once('depthwise', () => depthwiseKernel(depthwiseTensor)),
    ...window,
  });
  const activation = fusedActivation(config.raw('activation'));
  const output = builder.conv2d(layer, spread, {
    kernel: context.once('kernel', () => convolutionKernel(pointwise)),
    bias: biasOf(context, bias),
    activation: activation.fused,
  });
  return applyActivation(context, output, activation.rest);
}

function transposed(context: LayerContext, input: ValueId, window: Window): ValueId {
  const { builder, layer, config } = context;
  if (window.dilations.some((rate) => rate !== 1))
    unsupported(context, 'a dilated transposed convolution is not supported', 'use dilation_rate = 1');
  const [kernel, bias] = weights(context, useBias(context) ? ['kernel', 'bias'] : ['kernel']);
  if (kernel === undefined) return unsupported(context, 'has no kernel');
  const activation = fusedActivation(config.raw('activation'));
  const output = builder.transposeConv2d(layer, input, {
    kernel: context.once('kernel', () => transposeKernel(kernel)),
    bias: biasOf(context, bias),
    activation: activation.fused,
    strides: window.strides,
    padding: window.padding,
    outputSize: config.has('output_padding') ? paddedOutput(context, input, kernel, window) : undefined,
  });
  return applyActivation(context, output, activation.rest);
}

/** `(n - 1) * stride + k + output_padding`, less `k / 2` on both sides for SAME. */
function paddedOutput(context: LayerContext, input: ValueId, kernel: WeightTensor, { strides, padding }: Window): Pair {
  const { builder, config } = context;
  const isOneDimensional = kernel.shape.length === 3;
  const [height = 0, width = 0] = builder.shapeOf(input);
  const [kh = 1, kw = 1] = isOneDimensional ? [1, kernel.shape[0]] : kernel.shape;
  const added = isOneDimensional ? [0, config.number('output_padding')] : config.pair('output_padding');
  const along = (length: number, size: number, stride: number, more: number): number =>
    (length - 1) * stride + size + more - (padding === 'same' ? 2 * Math.floor(size / 2) : 0);
  return [along(height, kh, strides[0], added[0] ?? 0), along(width, kw, strides[1], added[1] ?? 0)];
}

type Apply = (context: LayerContext, input: ValueId, window: Window) => ValueId;

const twoDimensional =
  (apply: Apply): LayerConverter =>
  (context) => {
    inputRank(context, 3);
    return inChannelsLast(context, onlyInput(context), (input) => apply(context, input, window2d(context)));
  };

const oneDimensional =
  (apply: Apply): LayerConverter =>
  (context) => {
    inputRank(context, 2);
    return inChannelsLast(context, onlyInput(context), (input) =>
      inTwoDimensions(context, input, (image) => apply(context, image, window1d(context))),
    );
  };

export const convolutionLayers: LayerConverters = {
  Conv2D: twoDimensional(convolution),
  Conv1D: oneDimensional(convolution),
  Convolution2D: twoDimensional(convolution),
  Convolution1D: oneDimensional(convolution),
  DepthwiseConv2D: twoDimensional(depthwise),
  DepthwiseConv1D: oneDimensional(depthwise),
  SeparableConv2D: twoDimensional(separable),
  SeparableConv1D: oneDimensional(separable),
  Conv2DTranspose: twoDimensional(transposed),
  Conv1DTranspose: oneDimensional(transposed),
};
