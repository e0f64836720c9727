import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network, ParameterId, ValueId } from '../../../src/core/network/network.ts';
import type { ActivationFunction } from '../../../src/core/network/operations.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import type { SparsePart } from '../../../src/core/network/sparse-inference/sparse-part.ts';
import { createRandom, type Random } from '../../../src/core/random.ts';

/** How strided convolutions pad: as Keras and TensorFlow, as Keras's applications, as PyTorch. */
export type StridePadding = 'same' | 'behind' | 'around';

/** A network of MobileNet's kind with random sizes, weights and activations, residual sums and channel factors, as deployed. */
export function randomMobileNet(seed: number, padding: StridePadding): Network {
  const random = createRandom(seed);
  const builder = new NetworkBuilder('random');
  const pick = <T>(choices: readonly [T, ...T[]]): T => choices[random.integer(choices.length)] ?? choices[0];
  const parameter = (shape: readonly number[], scale = 0.5): { shape: readonly number[]; data: Float32Array } => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (random.next() - 0.5) * scale),
  });
  const activate = (layer: string, value: ValueId): ValueId => {
    const name = pick<ActivationFunction>(['relu', 'relu6', 'hardSwish', 'elu', 'swish', 'leakyRelu']);
    return builder.activation(layer, value, name, name === 'elu' ? 1 : name === 'leakyRelu' ? 0.1 : 0);
  };
  const pad = (layer: string, value: ValueId, margin: number): ValueId => {
    const around = padding === 'around' ? margin : 0;
    return padding === 'same'
      ? value
      : builder.pad(layer, value, [
          [around, margin],
          [around, margin],
          [0, 0],
        ]);
  };
  const strided = { strides: [2, 2], padding: padding === 'same' ? 'same' : 'valid' } as const;
  // Images of even size at each stride, which Keras pads behind.
  const size = 16 * (1 + random.integer(2));
  let channels = 4 + random.integer(5);
  let value = builder.conv2d('head', pad('head_pad', builder.input([size, size, 3]), 1), {
    kernel: parameter([channels, 3, 3, 3]),
    bias: parameter([channels]),
    ...strided,
  });
  value = activate('head_act', value);
  const blocks = 3 + random.integer(3);
  let height = size / 2;
  for (let i = 0; i < blocks; i++) {
    const width = 4 + random.integer(12);
    const before = value;
    const kernel = pick([3, 3, 5]);
    const stride = height > 2 && height % 2 === 0 && random.next() < 0.5;
    if (stride) height /= 2;
    // A 5x5 window pads 1 before and 2 behind an image of even size.
    const padded =
      stride && padding === 'behind' && kernel === 5
        ? builder.pad(`pad${i}`, value, [
            [1, 2],
            [1, 2],
            [0, 0],
          ])
        : stride
          ? pad(`pad${i}`, value, (kernel - 1) / 2)
          : value;
    value = builder.depthwiseConv2d(`depthwise${i}`, padded, {
      kernel: parameter([1, kernel, kernel, channels]),
      bias: parameter([channels]),
      ...(stride ? strided : { padding: 'same' }),
    });
    value = activate(`depthwise${i}_act`, value);
    const residual = !stride && random.next() < 0.5;
    const out = residual ? channels : width;
    value = builder.conv2d(`pointwise${i}`, value, { kernel: parameter([out, 1, 1, channels]), bias: parameter([out]) });
    if (residual) value = builder.binary(`sum${i}`, 'add', before, value);
    else value = activate(`pointwise${i}_act`, value);
    channels = out;
    if (random.next() < 0.3) value = excite(builder, `excite${i}`, value, channels, parameter);
  }
  const keeps = random.next() < 0.5;
  value = builder.globalPool('pool', value, 'average', keeps);
  if (keeps) value = builder.reshape('flat', builder.conv2d('classes', value, { kernel: parameter([5, 1, 1, channels]) }), [5]);
  else value = builder.dense('classes', value, { kernel: parameter([5, channels]), bias: parameter([5]) });
  return prepareForDeployment(builder.build([value]));
}

function excite(
  builder: NetworkBuilder,
  name: string,
  value: ValueId,
  channels: number,
  parameter: (shape: readonly number[]) => { readonly shape: readonly number[]; readonly data: Float32Array },
): ValueId {
  const mean = builder.globalPool(`${name}_mean`, value, 'average', true);
  const squeezed = builder.conv2d(`${name}_squeeze`, mean, { kernel: parameter([4, 1, 1, channels]), activation: 'relu' });
  const factors = builder.conv2d(`${name}_factors`, squeezed, { kernel: parameter([channels, 1, 1, 4]) });
  return builder.binary(`${name}_scale`, 'mul', value, builder.activation(`${name}_gate`, factors, 'sigmoid'));
}

/** A random choice of a share of the weights of each pointwise kernel becomes zero. */
export function withZeros(
  network: Network,
  { pointwise }: Pick<SparsePart, 'pointwise'>,
  share: number,
  random: Random = createRandom(7),
): Network {
  const parameters = new Map(network.parameters);
  for (const id of new Set<ParameterId>(pointwise.map(({ kernel }) => kernel))) {
    const parameter = parameters.get(id);
    if (parameter === undefined) continue;
    const order = Array.from(parameter.data, (_, i) => ({ i, key: random.next() })).sort((a, b) => a.key - b.key);
    const zeros = new Set(order.slice(0, Math.ceil(share * parameter.data.length)).map(({ i }) => i));
    parameters.set(id, { ...parameter, data: parameter.data.map((weight, i) => (zeros.has(i) ? 0 : weight)) });
  }
  return { ...network, parameters };
}
