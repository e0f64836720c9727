/** What a network cannot express is refused by layer, with the reason and what to do instead. */
import { describe, expect, it } from 'vitest';
import { importFiles, importLayers, importTopology, type LayerEntry, type NamedWeight } from './keras-model-files.ts';

const image = [8, 8, 4];
const kernel = (shape: readonly number[]): readonly NamedWeight[] => [
  { name: 'it/kernel', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
];
const layer = (class_name: string, config: LayerEntry['config'] = {}): LayerEntry => ({ class_name, config: { name: 'it', ...config } });

const refused: readonly (readonly [LayerEntry, readonly (number | null)[], RegExp, (readonly NamedWeight[])?])[] = [
  [layer('LSTM', { units: 4 }), [8, 4], /layer "it": recurrent layers \(LSTM\).*; replace it by Conv1D/],
  [layer('Bidirectional', { layer: {} }), [8, 4], /layer "it": recurrent layers \(Bidirectional\)/],
  [layer('Lambda', { function: '…' }), image, /layer "it": a Lambda layer holds Python code.*; replace it by built-in layers/],
  [
    layer('TFOpLambda', { function: 'math.cumsum' }),
    image,
    /layer "it": the operation math\.cumsum stands between the layers.*; replace it by a layer/,
  ],
  [layer('SlicingOpLambda', { function: '__operators__.getitem' }), image, /the operation __operators__\.getitem/],
  [layer('MultiHeadAttention'), image, /layer "it": layer type "MultiHeadAttention" is not supported; replace it by built-in layers/],
  [layer('Custom>Swirl'), image, /layer type "Custom>Swirl" is not supported/],
  [
    layer('Conv2D', { kernel_size: [1, 1], filters: 4, groups: 2, use_bias: false }),
    image,
    /a convolution of 2 groups over 4 channels.*; use groups = 1 or a DepthwiseConv2D/,
    kernel([1, 1, 2, 4]),
  ],
  [
    layer('Conv2DTranspose', { kernel_size: [2, 2], filters: 2, output_padding: [1, 1], use_bias: false }),
    image,
    /output_padding.*; leave output_padding at its default/,
    kernel([2, 2, 2, 4]),
  ],
  [
    layer('Conv2DTranspose', { kernel_size: [2, 2], filters: 2, dilation_rate: [2, 2], use_bias: false }),
    image,
    /dilated transposed convolution.*; use dilation_rate = 1/,
    kernel([2, 2, 2, 4]),
  ],
  [layer('Conv2D', { kernel_size: [1, 1], filters: 2, padding: 'reflect' }), image, /padding "reflect".*allowed are "same" and "valid"/],
  [layer('Activation', { activation: 'softplus' }), image, /activation "softplus".*; use linear, relu/],
  [layer('ReLU', { threshold: 1 }), image, /ReLU with threshold 1.*; use a threshold of 0/],
  [layer('Softmax', { axis: 1 }), image, /softmax is supported over the last axis only; permute/],
  [layer('BatchNormalization', { axis: [1, 3] }), image, /over several axes/],
  [layer('UpSampling2D', { interpolation: 'bicubic' }), image, /interpolation "bicubic".*; use "nearest" or "bilinear"/],
  [layer('Flatten'), [null, 8, 3], /input "input" has the shape \[\?, 8, 3\].*; rebuild the model with a fixed input shape/],
  [
    layer('Dense', { units: 2 }),
    [4],
    /layer "it": needs the weights kernel, bias; the file has none; save the model again with its weights/,
  ],
];

describe('models that cannot be imported', () => {
  it.each(refused.map((row) => [row[0].class_name, row[2].source, row] as const))(
    '%s: %s',
    async (_, __, [entry, input, message, weights]) => {
      await expect(importLayers(input, [entry], weights)).rejects.toMatchObject({
        name: 'EspalierError',
        message: expect.stringMatching(message) as string,
      });
    },
  );

  it.each([
    [
      'a subclassed model',
      { class_name: 'MyModel', config: {} },
      /"MyModel" is subclassed.*; rebuild it as a Functional or Sequential model/,
    ],
    ['a graph model', undefined, /TFJS graph model.*; convert the original Keras model/],
  ])('%s', async (_, topology, message) => {
    const model =
      topology === undefined
        ? importFiles({ 'model.json': JSON.stringify({ format: 'graph-model', modelTopology: { node: [] } }) })
        : importTopology(topology, []);
    await expect(model).rejects.toMatchObject({ code: 'unsupported-model', message: expect.stringMatching(message) as string });
  });

  it('a kernel of another shape than its input', async () => {
    await expect(
      importLayers(image, [layer('Conv2D', { kernel_size: [1, 1], filters: 2, use_bias: false })], kernel([1, 1, 3, 2])),
    ).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringMatching(/layer "it": kernel has shape \[2, 1, 1, 3\], expected \[\?, \?, \?, 4\]/) as string,
    });
  });
});
