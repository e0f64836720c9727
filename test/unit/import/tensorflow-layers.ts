/** Layers of TensorFlow.js, each in a network of its own. */
import * as tf from '@tensorflow/tfjs';

const { layers } = tf;
export type Tensor = tf.SymbolicTensor;
export const image = [8, 6, 3];
const sequence = [10, 4];
export const inTurn =
  (...chain: readonly tf.layers.Layer[]) =>
  (x: Tensor): Tensor =>
    chain.reduce((value, layer) => layer.apply(value) as Tensor, x);

export const chains: readonly (readonly [string, readonly number[], (x: Tensor) => Tensor])[] = [
  [
    'Conv2D, same, strides',
    image,
    inTurn(layers.conv2d({ filters: 5, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' })),
  ],
  [
    'Conv2D, valid, dilated, without bias',
    image,
    inTurn(layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, useBias: false, activation: 'tanh' })),
  ],
  [
    'DepthwiseConv2D with a multiplier',
    image,
    inTurn(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu6' })),
  ],
  [
    'SeparableConv2D',
    image,
    inTurn(layers.separableConv2d({ filters: 6, kernelSize: 3, depthMultiplier: 2, strides: 2, padding: 'same', activation: 'sigmoid' })),
  ],
  ['Conv2DTranspose, same', image, inTurn(layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }))],
  [
    'Conv2DTranspose, valid, kernel smaller than the stride',
    image,
    inTurn(layers.conv2dTranspose({ filters: 2, kernelSize: [2, 5], strides: [3, 2], activation: 'elu' })),
  ],
  [
    'Conv1D, same, strides',
    sequence,
    inTurn(layers.conv1d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' })),
  ],
  ['Conv1D, dilated', sequence, inTurn(layers.conv1d({ filters: 5, kernelSize: 3, dilationRate: 2 }))],
  [
    'ZeroPadding2D, each side its own',
    image,
    inTurn(
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  ],
  [
    'Cropping2D',
    image,
    inTurn(
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
  ],
  ['UpSampling2D', image, inTurn(layers.upSampling2d({ size: [2, 3] }))],
  ['MaxPooling2D, same', image, inTurn(layers.maxPooling2d({ poolSize: [3, 2], strides: [2, 2], padding: 'same' }))],
  ['AveragePooling2D, same: padding is not counted', image, inTurn(layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }))],
  ['MaxPooling1D', sequence, inTurn(layers.maxPooling1d({ poolSize: 3, strides: 2 }))],
  ['AveragePooling1D', sequence, inTurn(layers.averagePooling1d({ poolSize: 2 }))],
  ['GlobalMaxPooling2D', image, inTurn(layers.globalMaxPooling2d({}))],
  ['GlobalAveragePooling2D', image, inTurn(layers.globalAveragePooling2d({}))],
  ['GlobalMaxPooling1D', sequence, inTurn(layers.globalMaxPooling1d({}))],
  ['GlobalAveragePooling1D', sequence, inTurn(layers.globalAveragePooling1d({}))],
  ['BatchNormalization', image, inTurn(layers.batchNormalization({ epsilon: 0.01 }))],
  ['BatchNormalization without scale or offset', image, inTurn(layers.batchNormalization({ scale: false, center: false }))],
  ['Dense over the last axis', image, inTurn(layers.dense({ units: 4, activation: 'softmax' }))],
  ['Flatten and Dense without bias', image, inTurn(layers.flatten(), layers.dense({ units: 4, useBias: false }))],
  ['Reshape with an open length', image, inTurn(layers.reshape({ targetShape: [-1, 9] }))],
  ['Permute', image, inTurn(layers.permute({ dims: [3, 1, 2] }))],
  ['LayerNormalization', image, inTurn(layers.rescaling({ scale: 3 }), layers.layerNormalization({ epsilon: 0.02 }))],
  ['LayerNormalization over several axes', image, inTurn(layers.layerNormalization({ axis: [2, 3], scale: false }))],
  ['SimpleRNN', sequence, inTurn(layers.simpleRNN({ units: 5 }))],
  ['LSTM', sequence, inTurn(layers.lstm({ units: 5, recurrentActivation: 'sigmoid' }))],
  [
    'LSTM, backwards, sequences, other activations',
    sequence,
    inTurn(
      layers.lstm({
        units: 3,
        goBackwards: true,
        returnSequences: true,
        activation: 'relu',
        recurrentActivation: 'sigmoid',
        useBias: false,
      }),
    ),
  ],
  [
    'GRU that resets before the product',
    sequence,
    inTurn(
      layers.gru({ units: 5, returnSequences: true, recurrentActivation: 'sigmoid' }),
      layers.gru({ units: 3, recurrentActivation: 'sigmoid' }),
    ),
  ],
  [
    'Bidirectional LSTM',
    sequence,
    inTurn(layers.bidirectional({ layer: layers.lstm({ units: 3, recurrentActivation: 'sigmoid' }) as tf.RNN, mergeMode: 'concat' })),
  ],
  [
    'Bidirectional GRU of sequences, summed',
    sequence,
    inTurn(
      layers.bidirectional({
        layer: layers.gru({ units: 3, returnSequences: true, recurrentActivation: 'sigmoid' }) as tf.RNN,
        mergeMode: 'sum',
      }),
    ),
  ],
  ['TimeDistributed of Dense', sequence, inTurn(layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'relu' }) }))],
  [
    'TimeDistributed of Conv2D',
    [3, ...image],
    inTurn(layers.timeDistributed({ layer: layers.conv2d({ filters: 2, kernelSize: 3, activation: 'tanh' }) })),
  ],
  ['RepeatVector', [5], inTurn(layers.repeatVector({ n: 3 }))],
  ['PReLU with an alpha for every element', image, inTurn(layers.prelu({}))],
  ['PReLU with an alpha for every channel', image, inTurn(layers.prelu({ sharedAxes: [1, 2] }))],
  ['LeakyReLU', image, inTurn(layers.leakyReLU({ alpha: 0.15 }))],
  ['ELU', image, inTurn(layers.elu({}))],
  ['ReLU with a maximum of 6', image, inTurn(layers.rescaling({ scale: 8 }), layers.reLU({ maxValue: 6 }))],
  ['ReLU with a maximum of 2', image, inTurn(layers.rescaling({ scale: 4 }), layers.reLU({ maxValue: 2 }))],
  ['Softmax', [7], inTurn(layers.softmax({}))],
  ['Rescaling', image, inTurn(layers.rescaling({ scale: 1 / 127.5, offset: -1 }))],
  [
    'Dropout and noise, which only act in training',
    image,
    inTurn(layers.dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 }), layers.gaussianDropout({ rate: 0.3 })),
  ],
  ...(
    [
      'relu',
      'relu6',
      'elu',
      'selu',
      'sigmoid',
      'hardSigmoid',
      'tanh',
      'softmax',
      'linear',
      'swish',
      'softplus',
      'softsign',
      'mish',
    ] as const
  ).map(
    (activation) => [`Activation ${activation}`, image, inTurn(layers.rescaling({ scale: 3 }), layers.activation({ activation }))] as const,
  ),
];

export const merges: readonly (readonly [string, readonly number[], (x: Tensor, y: Tensor, z: Tensor) => Tensor])[] = [
  ['Add of three', image, (...xs) => layers.add().apply(xs) as Tensor],
  ['Multiply of three', image, (...xs) => layers.multiply().apply(xs) as Tensor],
  ['Average of three', image, (...xs) => layers.average().apply(xs) as Tensor],
  ['Maximum of three', image, (...xs) => layers.maximum().apply(xs) as Tensor],
  ['Minimum of three', image, (...xs) => layers.minimum().apply(xs) as Tensor],
  ['Concatenate along the channels', image, (...xs) => layers.concatenate().apply(xs) as Tensor],
  ['Concatenate along the rows', image, (...xs) => layers.concatenate({ axis: 1 }).apply(xs) as Tensor],
];

const channelsFirst = { dataFormat: 'channelsFirst' } as const;
export const channelsFirstNetworks: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  [
    'convolutions, pooling, Flatten, Dense',
    inTurn(
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', ...channelsFirst }),
      layers.leakyReLU({}),
      layers.maxPooling2d({ poolSize: 2, ...channelsFirst }),
      layers.conv2d({ filters: 5, kernelSize: 2, ...channelsFirst }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ),
  ],
  [
    'a depthwise convolution, padding, pooling to one',
    inTurn(
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [1, 2],
        ],
        ...channelsFirst,
      }),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, ...channelsFirst }),
      layers.globalAveragePooling2d(channelsFirst),
      layers.dense({ units: 3 }),
    ),
  ],
  [
    'an image as output',
    inTurn(
      layers.upSampling2d({ size: [2, 2], ...channelsFirst }),
      layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same', ...channelsFirst }),
    ),
  ],
  [
    'branches joined along the channels',
    (x) => {
      const left = layers.conv2d({ filters: 2, kernelSize: 1, ...channelsFirst }).apply(x) as Tensor;
      const right = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', ...channelsFirst }).apply(x) as Tensor;
      return layers.flatten().apply(layers.concatenate({ axis: 1 }).apply([left, right])) as Tensor;
    },
  ],
];
