import { elementCount } from '../../network/shapes/shape.ts';
import {
  type OperatorContext,
  type OperatorConverters,
  flag,
  padding,
  pairOption,
  refuse,
  required,
  withActivation,
} from './operator-context.ts';

function window(context: OperatorContext) {
  return {
    strides: pairOption(context, 'strideHeight', 'strideWidth'),
    dilations: pairOption(context, 'dilationHeight', 'dilationWidth'),
    padding: padding(context),
  };
}

/** The kernel's rows over the flattened input, unless dimensions are kept. */
function fullyConnected(context: OperatorContext): string {
  const { builder, layer } = context;
  const kernel = required(context, 1, 'weights');
  const width = kernel.shape[1] ?? 0;
  let input = context.value(0);
  const shape = builder.shapeOf(input);
  if (!flag(context, 'keepDimensions') && shape.length !== 1) {
    if (elementCount(shape) !== width)
      refuse(context, `over [${shape.join(', ')}] mixes the batch with other axes, which is not supported`);
    input = builder.flatten(layer, input);
  }
  return withActivation(context, true, (activation) => builder.dense(layer, input, { kernel, bias: context.constant(2), activation }));
}

function transposeConv(context: OperatorContext): string {
  const { builder, layer } = context;
  const { strides, padding: pad } = window(context);
  const [height = 0, width = 0] = context.outputShape;
  return withActivation(context, true, (activation) =>
    builder.transposeConv2d(layer, context.value(2), {
      kernel: required(context, 1, 'weights'),
      bias: context.constant(3),
      strides,
      padding: pad,
      outputSize: [height, width],
      activation,
    }),
  );
}

export const kernelOperators: OperatorConverters = {
  CONV_2D: (context) => {
    const kernel = required(context, 1, 'weights');
    return withActivation(context, true, (activation) =>
      context.builder.conv2d(context.layer, context.value(0), { kernel, bias: context.constant(2), activation, ...window(context) }),
    );
  },
  DEPTHWISE_CONV_2D: (context) =>
    withActivation(context, true, (activation) =>
      context.builder.depthwiseConv2d(context.layer, context.value(0), {
        kernel: required(context, 1, 'weights'),
        bias: context.constant(2),
        activation,
        ...window(context),
      }),
    ),
  FULLY_CONNECTED: fullyConnected,
  TRANSPOSE_CONV: transposeConv,
};
