/** What a network cannot express is refused by layer, with the reason and what to do instead. */
import { describe, expect, it } from 'vitest';
import { importFiles, importLayers, importTopology, type LayerEntry, type NamedWeight } from './keras-model-files.ts';

const image = [8, 8, 4];
const kernel = (shape: readonly number[]): readonly NamedWeight[] => [
  { name: 'it/kernel', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
];
const layer = (class_name: string, config: LayerEntry['config'] = {}): LayerEntry => ({ class_name, config: { name: 'it', ...config } });

const refused: readonly (readonly [LayerEntry, readonly (number | null)[], RegExp, (readonly NamedWeight[])?])[] = [
  [
    layer('ConvLSTM2D', { filters: 4 }),
    [8, 4, 4, 1],
    /layer "it": recurrent layers of type ConvLSTM2D.*; use LSTM, GRU, .* or replace it by Conv1D/,
  ],
  [layer('Bidirectional', { layer: {} }), [8, 4], /layer "it": "layer" should hold a layer/],
  [
    layer('Bidirectional', { layer: { class_name: 'LSTM', config: { units: 2, return_state: true } } }),
    [8, 4],
    /layer "it": states of both directions as outputs are not supported; set return_state=False/,
  ],
  [layer('LSTM', { units: 2 }), [600, 4], /layer "it": 600 steps are not supported: the layer is unrolled, up to 512 steps; use shorter/],
  [layer('Lambda', { function: '…' }), image, /layer "it": a Lambda layer holds Python code.*; replace it by built-in layers/],
  [
    layer('TFOpLambda', { function: 'math.cumsum' }),
    image,
    /layer "it": the operation math\.cumsum stands between the layers.*; replace it by a layer/,
  ],
  [layer('MultiHeadAttention'), image, /layer "it": takes a query and a value, got 1 inputs/],
  [layer('Hashing'), image, /layer "it": layer type "Hashing" is not supported; replace it by built-in layers/],
  [layer('Custom>Swirl'), image, /layer type "Custom>Swirl" is not supported/],
  [
    layer('Conv2D', { kernel_size: [1, 1], filters: 3, groups: 2, use_bias: false }),
    image,
    /kernel has shape \[3, 1, 1, 2\], expected \[\?, \?, \?, 4\]/,
    kernel([1, 1, 2, 3]),
  ],
  [
    layer('Conv2DTranspose', { kernel_size: [2, 2], filters: 2, output_padding: [1, 1], use_bias: false }),
    image,
    /cannot give 10x10 from 8x8: without output padding it gives 9x9/,
    kernel([2, 2, 2, 4]),
  ],
  [
    layer('Conv2DTranspose', { kernel_size: [2, 2], filters: 2, dilation_rate: [2, 2], use_bias: false }),
    image,
    /dilated transposed convolution.*; use dilation_rate = 1/,
    kernel([2, 2, 2, 4]),
  ],
  [layer('Conv2D', { kernel_size: [1, 1], filters: 2, padding: 'reflect' }), image, /padding "reflect".*allowed are "same" and "valid"/],
  [layer('Activation', { activation: 'sparsemax' }), image, /activation "sparsemax".*; use linear, .*relu/],
  [layer('Softmax', { axis: 0 }), image, /axis 0 is the batch or outside of its input of 3 axes/],
  [layer('Resizing', { height: 4, width: 4, interpolation: 'bicubic' }), image, /interpolation "bicubic".*; use "nearest" or "bilinear"/],
  [layer('GroupNormalization', { groups: 3, scale: false, center: false }), image, /4 channels do not divide into 3 groups/],
  [layer('LayerNormalization', { rms_scaling: true }), image, /rms_scaling is not supported; use rms_scaling=False/],
  [layer('BatchNormalization', { axis: [1, 3] }), image, /over several axes/],
  [layer('UpSampling2D', { interpolation: 'bicubic' }), image, /interpolation "bicubic".*; use "nearest" or "bilinear"/],
  [layer('Flatten'), [null, 8, 3], /input "input" has the shape \[\?, 8, 3\] with an open length; say the size.*--input-shape 96x96x3/],
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

  it('all layers of unknown types at once', async () => {
    const entries = [
      layer('Hashing', { name: 'a' }),
      layer('Dense', { name: 'b', units: 2 }),
      layer('Swirl', { name: 'c' }),
      layer('Hashing', { name: 'd' }),
    ];
    await expect(importLayers(image, entries)).rejects.toThrow(
      'layers "a", "d": layer type "Hashing" is not supported; layer "c": layer type "Swirl" is not supported; replace it by built-in layers',
    );
  });

  it('steps that a mask leaves out', async () => {
    const entries = [layer('Embedding', { name: 'words', input_dim: 5, output_dim: 3, mask_zero: true }), layer('GRU', { units: 2 })];
    const table = { name: 'words/embeddings', shape: [5, 3], data: new Float32Array(15) };
    await expect(importLayers([6], entries, [table])).rejects.toThrow(
      'layer "it": leaves out the steps that layer "words" masks as padding',
    );
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
