import { unsupported, type LayerContext, type LayerConverter, type LayerConverters } from './layer-converter.ts';
import { activationLayers } from './layers/activations.ts';
import { convolutionLayers } from './layers/convolutions.ts';
import { denseLayers } from './layers/dense.ts';
import { identityLayers } from './layers/identities.ts';
import { mergingLayers } from './layers/merging.ts';
import { normalizationLayers } from './layers/normalization.ts';
import { operationConverter, operationLayers, operationsWithConstants } from './layers/operations.ts';
import { poolingLayers } from './layers/pooling.ts';
import { reshapingLayers } from './layers/reshaping.ts';

const converters: LayerConverters = {
  ...activationLayers,
  ...convolutionLayers,
  ...denseLayers,
  ...identityLayers,
  ...mergingLayers,
  ...normalizationLayers,
  ...operationLayers,
  ...poolingLayers,
  ...reshapingLayers,
};

const recurrent = new Set([
  'LSTM',
  'GRU',
  'SimpleRNN',
  'RNN',
  'CuDNNLSTM',
  'CuDNNGRU',
  'ConvLSTM1D',
  'ConvLSTM2D',
  'ConvLSTM3D',
  'Bidirectional',
  'StackedRNNCells',
  'TimeDistributed',
]);

function converterOf({ className, config, constants }: LayerContext): LayerConverter | undefined {
  if (className === 'TFOpLambda') return operationConverter(config.string('function', ''));
  if (constants.length > 0 && Object.hasOwn(operationsWithConstants, className)) return operationsWithConstants[className];
  return Object.hasOwn(converters, className) ? converters[className] : undefined;
}

/** How Keras 2 stores calls of functions on symbolic tensors. */
const operations = new Set(['TFOpLambda', 'SlicingOpLambda', 'TensorFlowOpLayer']);

/** Converts one call of a layer, or refuses with what the user can do instead. */
export function convertLayer(context: LayerContext): string {
  const { className } = context;
  const converter = converterOf(context);
  if (converter !== undefined) return converter(context);
  if (recurrent.has(className)) {
    return unsupported(
      context,
      `recurrent layers (${className}) are not supported: they loop over time, and a network here is a static graph`,
      'replace it by Conv1D layers with the same receptive field, or by dense layers over the flattened window',
    );
  }
  if (className === 'Lambda') {
    return unsupported(
      context,
      'a Lambda layer holds Python code, which cannot be run here',
      'replace it by built-in layers (Rescaling, Activation, Reshape, …) and save the model again',
    );
  }
  if (operations.has(className)) {
    return unsupported(
      context,
      `the operation ${context.config.string('function', className)} stands between the layers, and only layers can be read`,
      'replace it by a layer (Rescaling, Add, Multiply, Reshape, Cropping2D, …), or export the model as a float .tflite and import that',
    );
  }
  return unsupported(
    context,
    `layer type "${className}" is not supported`,
    'replace it by built-in layers, or export the model as a float .tflite and import that',
  );
}
