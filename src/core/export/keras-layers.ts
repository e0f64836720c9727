/** Operations as Keras layers: class, config and weights in Keras's layouts. */
import { EspalierError, unreachable } from '../errors.ts';
import { transpose } from '../import/tensor-layouts.ts';
import type { Network, Parameter, ParameterId, Shape } from '../network/network.ts';
import type { Activation, BinaryFunction, FusedActivation, Operation, TransposeConv2d } from '../network/operations.ts';
import { transposedOutput } from '../network/shapes/window.ts';

export interface KerasWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface ExportedLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly KerasWeight[];
  /** What the layer cannot do itself: it becomes an Activation layer after it. */
  readonly activation: FusedActivation;
  /** Set when a Reshape to this follows: TensorFlow.js has no global pooling that keeps dimensions. */
  readonly reshape?: Shape;
}

/** Throws `unsupported-model` for the few operations that Keras has no layer for. */
export function kerasLayer(operation: Operation, network: Network): ExportedLayer {
  const parameter = (id: ParameterId): Parameter => {
    const found = network.parameters.get(id);
    if (found === undefined) throw new Error(`parameter "${id}" is missing`);
    return found;
  };
  const shape = (id: string | undefined): Shape => (id === undefined ? [] : (network.values.get(id)?.shape ?? []));
  const layer = (
    className: string,
    config: Readonly<Record<string, unknown>> = {},
    weights: readonly KerasWeight[] = [],
    activation: FusedActivation = 'none',
  ): ExportedLayer => ({ className, config, weights, activation });
  const weight = (name: string, id: ParameterId): KerasWeight => ({ name, ...parameter(id) });
  const reordered = (name: string, id: ParameterId, order: readonly number[]): KerasWeight => {
    const { shape: from, data } = parameter(id);
    return { name, shape: order.map((axis) => from[axis] ?? 0), data: transpose(data, from, order) };
  };
  const bias = (id: ParameterId | undefined): readonly KerasWeight[] => (id === undefined ? [] : [weight('bias', id)]);
  const refuse = (what: string): never => {
    throw new EspalierError('unsupported-model', what, { where: `layer "${operation.layer}"`, fix: 'write the model as .tflite instead' });
  };

  switch (operation.kind) {
    case 'conv2d': {
      const kernel = reordered('kernel', operation.kernel, [1, 2, 3, 0]);
      return layer(
        'Conv2D',
        {
          filters: kernel.shape[3],
          kernel_size: kernel.shape.slice(0, 2),
          strides: operation.strides,
          dilation_rate: operation.dilations,
          padding: operation.padding,
          activation: keras(operation.activation),
          use_bias: operation.bias !== undefined,
          data_format: 'channels_last',
          ...(operation.groups === 1 ? {} : { groups: operation.groups }),
        },
        [kernel, ...bias(operation.bias)],
      );
    }
    case 'depthwiseConv2d': {
      const {
        shape: [, kh = 0, kw = 0, channels = 0],
        data,
      } = parameter(operation.kernel);
      return layer(
        'DepthwiseConv2D',
        {
          kernel_size: [kh, kw],
          depth_multiplier: operation.multiplier,
          strides: operation.strides,
          dilation_rate: operation.dilations,
          padding: operation.padding,
          activation: keras(operation.activation),
          use_bias: operation.bias !== undefined,
          data_format: 'channels_last',
        },
        [
          { name: 'depthwise_kernel', shape: [kh, kw, channels / operation.multiplier, operation.multiplier], data },
          ...bias(operation.bias),
        ],
      );
    }
    case 'transposeConv2d': {
      const kernel = reordered('kernel', operation.kernel, [1, 2, 0, 3]);
      return layer(
        'Conv2DTranspose',
        {
          filters: kernel.shape[2],
          kernel_size: kernel.shape.slice(0, 2),
          strides: operation.strides,
          padding: operation.padding,
          activation: keras(operation.activation),
          use_bias: operation.bias !== undefined,
          data_format: 'channels_last',
          ...outputPadding(operation, shape(operation.inputs[0]), kernel.shape),
        },
        [kernel, ...bias(operation.bias)],
      );
    }
    case 'dense': {
      const kernel = reordered('kernel', operation.kernel, [1, 0]);
      return layer('Dense', { units: kernel.shape[1], activation: keras(operation.activation), use_bias: operation.bias !== undefined }, [
        kernel,
        ...bias(operation.bias),
      ]);
    }
    case 'batchNorm':
      return layer(
        'BatchNormalization',
        { axis: -1, epsilon: operation.epsilon, momentum: operation.momentum, center: true, scale: true },
        [
          weight('gamma', operation.gamma),
          weight('beta', operation.beta),
          weight('moving_mean', operation.mean),
          weight('moving_variance', operation.variance),
        ],
      );
    case 'rescale': {
      const [scale, offset] = [parameter(operation.scale).data, parameter(operation.offset).data];
      if (scale.length === 1 && offset.length === 1) return layer('Rescaling', { scale: scale[0], offset: offset[0] });
      const channels = shape(operation.output).at(-1) ?? 0;
      const filled = (name: string, values: (channel: number) => number): KerasWeight => ({
        name,
        shape: [channels],
        data: Float32Array.from({ length: channels }, (_, c) => values(c)),
      });
      // A batch norm with no mean, unit variance and no epsilon.
      return layer('BatchNormalization', { axis: -1, epsilon: 0, momentum: 0.99, center: true, scale: true }, [
        filled('gamma', (c) => scale[scale.length === 1 ? 0 : c] ?? 0),
        filled('beta', (c) => offset[offset.length === 1 ? 0 : c] ?? 0),
        filled('moving_mean', () => 0),
        filled('moving_variance', () => 1),
      ]);
    }
    case 'prelu': {
      const alpha = weight('alpha', operation.alpha);
      return layer('PReLU', { shared_axes: alpha.shape.flatMap((length, axis) => (length === 1 ? [axis + 1] : [])) }, [alpha]);
    }
    case 'activation':
      return activationLayer(operation, layer, refuse);
    case 'unary':
      return refuse(`Keras has no layer for "${operation.function}"`);
    case 'binary': {
      const className = mergingLayers[operation.function];
      return className === undefined
        ? refuse(`Keras has no layer for "${operation.function}" of two values`)
        : layer(className, {}, [], operation.activation);
    }
    case 'batchMatmul':
      return refuse('Keras has no layer for a product of two values as matrices');
    case 'constant':
      return refuse('Keras has no layer that holds a constant');
    case 'concat':
      return layer('Concatenate', { axis: operation.axis + 1 });
    case 'pad': {
      const [vertical, horizontal, channels] = operation.paddings;
      if (operation.paddings.length !== 3 || operation.value !== 0 || channels?.some((n) => n !== 0) === true)
        return refuse('Keras pads height and width of images only, with zeros');
      return layer('ZeroPadding2D', { padding: [vertical, horizontal], data_format: 'channels_last' });
    }
    case 'crop': {
      const input = shape(operation.inputs[0]);
      const sides = input.map((length, axis) => [
        operation.begin[axis] ?? 0,
        length - (operation.begin[axis] ?? 0) - (operation.size[axis] ?? 0),
      ]);
      if (sides.length !== 3 || operation.strides.some((stride) => stride !== 1) || sides[2]?.some((n) => n !== 0) === true)
        return refuse('Keras crops height and width of images only, without strides');
      return layer('Cropping2D', { cropping: sides.slice(0, 2), data_format: 'channels_last' });
    }
    case 'pool2d':
      return layer(operation.function === 'max' ? 'MaxPooling2D' : 'AveragePooling2D', {
        pool_size: operation.size,
        strides: operation.strides,
        padding: operation.padding,
        data_format: 'channels_last',
      });
    case 'globalPool':
      return withShape(
        operation.keepDimensions ? shape(operation.output) : undefined,
        layer(operation.function === 'max' ? 'GlobalMaxPooling2D' : 'GlobalAveragePooling2D', { data_format: 'channels_last' }),
      );
    case 'reshape':
      return shape(operation.output).length === 1 ? layer('Flatten') : layer('Reshape', { target_shape: shape(operation.output) });
    case 'permute':
      return layer('Permute', { dims: operation.order.map((axis) => axis + 1) });
    case 'dropout':
      return layer('Dropout', { rate: operation.rate });
    case 'requantize':
      return layer('Activation', { activation: 'linear' });
    case 'reduce':
      return refuse(`Keras has no layer for the ${operation.function} over axes ${operation.axes.join(', ')}`);
    case 'resize': {
      const [h = 1, w = 1] = shape(operation.inputs[0]);
      const size = [operation.size[0] / h, operation.size[1] / w];
      const upsamples = size.every(Number.isInteger);
      const coordinates =
        operation.interpolation === 'bilinear' ? operation.coordinates === 'halfPixel' : operation.coordinates !== 'alignCorners';
      if (!upsamples || !coordinates) return refuse(`Keras has no layer that resizes ${h}x${w} to ${operation.size.join('x')} in this way`);
      return layer('UpSampling2D', { size, interpolation: operation.interpolation, data_format: 'channels_last' });
    }
    case 'depthToSpace':
    case 'spaceToDepth':
      return refuse('Keras has no layer that moves blocks between channels and space');
    case 'embedding': {
      const table = weight('embeddings', operation.table);
      return layer('Embedding', { input_dim: table.shape[0], output_dim: table.shape[1] }, [table]);
    }
    default:
      return unreachable(operation);
  }
}

const mergingLayers: Readonly<Record<BinaryFunction, string | undefined>> = {
  add: 'Add',
  sub: 'Subtract',
  mul: 'Multiply',
  max: 'Maximum',
  min: 'Minimum',
  div: undefined,
  pow: undefined,
};

/** As Keras counts it: what the output has more than `(n - 1) * stride + k`, less `k / 2` on both sides for SAME. */
function outputPadding(
  { strides, padding, outputSize }: TransposeConv2d,
  input: Shape,
  kernel: Shape,
): { readonly output_padding?: readonly number[] } {
  const [h = 1, w = 1] = input;
  const [kh = 1, kw = 1] = kernel;
  if (transposedOutput([h, w], [kh, kw], strides, padding).join() === outputSize.join()) return {};
  const more = (length: number, size: number, stride: number, result: number): number =>
    result - ((length - 1) * stride + size - (padding === 'same' ? 2 * Math.floor(size / 2) : 0));
  return { output_padding: [more(h, kh, strides[0], outputSize[0]), more(w, kw, strides[1], outputSize[1])] };
}

function activationLayer(
  operation: Activation,
  layer: (className: string, config?: Readonly<Record<string, unknown>>) => ExportedLayer,
  refuse: (what: string) => never,
): ExportedLayer {
  switch (operation.function) {
    case 'leakyRelu':
      return layer('LeakyReLU', { alpha: operation.alpha });
    case 'elu':
      return layer('ELU', { alpha: operation.alpha });
    case 'relu6':
      return layer('ReLU', { max_value: 6 });
    case 'hardSwish':
      return layer('Activation', { activation: 'hard_swish' });
    case 'softmax':
      return layer('Softmax', { axis: -1 });
    case 'l2Normalize':
      return layer('UnitNormalization', { axis: -1 });
    case 'logSoftmax':
      return layer('Activation', { activation: 'log_softmax' });
    case 'celu':
    case 'erf':
      return refuse(`Keras has no layer for "${operation.function}"`);
    default:
      return layer('Activation', { activation: operation.function });
  }
}

function withShape(reshape: Shape | undefined, layer: ExportedLayer): ExportedLayer {
  return reshape === undefined ? layer : { ...layer, reshape };
}

function keras(activation: FusedActivation): string {
  return activation === 'none' ? 'linear' : activation;
}
