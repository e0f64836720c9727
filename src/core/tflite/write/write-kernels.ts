import type { Conv2d, Dense, DepthwiseConv2d, TransposeConv2d } from '../../network/operations.ts';
import { channelAxis } from '../../network/kernel-operations.ts';
import { requiredParameter } from '../../quantize/quantize-network.ts';
import type { WriteContext } from './write-context.ts';

/** `CONV_2D` or `DEPTHWISE_CONV_2D` with kernel `[out, kh, kw, in]` or `[1, kh, kw, channels]`, always with a bias. */
export function writeConvolution(context: WriteContext, operation: Conv2d | DepthwiseConv2d): void {
  const { graph, encoding } = context;
  const inputs = [context.input(operation), encoding.kernel(operation), encoding.bias(operation, outputChannels(context, operation))];
  const options = {
    padding: operation.padding,
    strideHeight: operation.strides[0],
    strideWidth: operation.strides[1],
    dilationHeight: operation.dilations[0],
    dilationWidth: operation.dilations[1],
    activation: operation.activation,
  };
  if (operation.kind === 'conv2d') graph.operator('CONV_2D', inputs, context.output(operation), options);
  else graph.operator('DEPTHWISE_CONV_2D', inputs, context.output(operation), { ...options, depthMultiplier: operation.multiplier });
}

/** `FULLY_CONNECTED` over the last axis, with kernel `[out, in]` and always with a bias. */
export function writeDense(context: WriteContext, operation: Dense): void {
  const { graph, encoding } = context;
  const kernel = encoding.kernel(operation);
  const inputs = [context.input(operation), kernel, encoding.bias(operation, outputChannels(context, operation))];
  graph.operator('FULLY_CONNECTED', inputs, context.output(operation), {
    activation: operation.activation,
    keepDimensions: context.shapeOf(operation.output).length > 1,
    asymmetricQuantizeInputs: encoding.activationType(operation.output) === undefined && graph.tensorAt(kernel).type === 'int8',
  });
}

/**
 * The fused activation of a transposed convolution needs a recent runtime, so ReLU follows as an operator of its own.
 * With integers the output's range already cuts at the activation's bounds, and saturation is the activation.
 */
export function writeTransposeConvolution(context: WriteContext, operation: TransposeConv2d): void {
  const { graph, encoding, batch } = context;
  const shape = context.shapeOf(operation.output);
  const size = graph.integers(`${operation.name}/outputShape`, [batch, ...shape]);
  const inputs = [size, encoding.kernel(operation), context.input(operation)];
  if (operation.bias !== undefined) inputs.push(encoding.bias(operation, outputChannels(context, operation)));
  const separate = operation.activation !== 'none' && encoding.activationType(operation.output) !== 'int8';
  const convolved = separate ? context.inner(operation, 'linear', shape, encoding.value(operation.output)) : context.output(operation);
  graph.operator('TRANSPOSE_CONV', inputs, convolved, {
    padding: operation.padding,
    strideHeight: operation.strides[0],
    strideWidth: operation.strides[1],
  });
  if (separate) graph.operator(operation.activation === 'relu' ? 'RELU' : 'RELU6', [convolved], context.output(operation));
}

function outputChannels(context: WriteContext, operation: Conv2d | DepthwiseConv2d | TransposeConv2d | Dense): number {
  return requiredParameter(context.network, operation.kernel).shape[channelAxis(operation)] ?? 0;
}
