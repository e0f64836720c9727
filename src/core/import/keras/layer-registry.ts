import { EspalierError } from '../../errors.ts';
import type { ValueId } from '../../network/network.ts';
import type { JsonObject } from '../json.ts';
import { unsupported, type LayerContext, type LayerConverter, type LayerConverters } from './layer-converter.ts';
import { attentionLayers } from './layers/attention.ts';
import { recurrentLayers } from './layers/recurrent.ts';
import { wrapperLayers } from './layers/wrappers.ts';
import type { KerasLayer, KerasModel } from './model-config.ts';
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
  ...attentionLayers,
  ...convolutionLayers,
  ...denseLayers,
  ...identityLayers,
  ...mergingLayers,
  ...normalizationLayers,
  ...operationLayers,
  ...poolingLayers,
  ...recurrentLayers,
  ...reshapingLayers,
  ...wrapperLayers,
};

/** Functions that Keras 2 calls on tensors are layers of these classes. */
const functionClasses = new Set(['TFOpLambda', 'SlicingOpLambda']);

function converterOf(className: string, config: JsonObject, hasConstants: boolean): LayerConverter | undefined {
  if (functionClasses.has(className)) return operationConverter(functionName(config));
  if (hasConstants && Object.hasOwn(operationsWithConstants, className)) return operationsWithConstants[className];
  return Object.hasOwn(converters, className) ? converters[className] : undefined;
}

function functionName(config: JsonObject): string {
  const { function: name } = config;
  return typeof name === 'string' ? name : '';
}

/** Converts one call of a layer; one without a converter has been refused before. */
export function convertLayer(context: LayerContext): ValueId | readonly ValueId[] {
  const { className, config, constants } = context;
  const converter = converterOf(className, { function: config.raw('function') }, constants.length > 0);
  return converter === undefined ? unsupported(context, ...refusal(className, config.string('function', ''))) : converter(context);
}

/** What is wrong with a class that has no converter, and what to do instead. */
function refusal(className: string, name: string): readonly [string, string] {
  if (otherRecurrent.has(className))
    return [
      `recurrent layers of type ${className} are not supported`,
      'use LSTM, GRU, SimpleRNN or Bidirectional layers, or replace it by Conv1D layers with the same receptive field',
    ];
  if (className === 'Lambda')
    return [
      'a Lambda layer holds Python code, which cannot be run here',
      'replace it by built-in layers (Rescaling, Activation, Reshape, …) and save the model again',
    ];
  if (functionClasses.has(className) || className === 'TensorFlowOpLayer')
    return [
      `the operation ${name === '' ? className : name} stands between the layers and is not supported`,
      'replace it by a layer (Rescaling, Add, Multiply, Reshape, Cropping2D, …), or export the model as a float .tflite and import that',
    ];
  return [
    `layer type "${className}" is not supported`,
    'replace it by built-in layers, or export the model as a float .tflite and import that',
  ];
}

const otherRecurrent = new Set(['RNN', 'ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D', 'StackedRNNCells']);

/** Refuses all classes that have no converter at once, with their layers; nested models and wrapped layers included. */
export function refuseUnknownLayers(model: KerasModel): void {
  const unknown = new Map<string, { readonly refusal: readonly [string, string]; readonly layers: string[] }>();
  const visit = (layers: readonly KerasLayer[], prefix: string): void => {
    for (const layer of layers) {
      const path = `${prefix}${layer.label}`;
      if (layer.model !== undefined) {
        visit(layer.model.layers, `${path}/`);
        continue;
      }
      const constants = layer.calls.some((call) => call.constants.length > 0);
      if (layer.className === 'InputLayer' || converterOf(layer.className, layer.config, constants) !== undefined) continue;
      const reason = refusal(layer.className, functionName(layer.config));
      const known = unknown.get(reason[0]);
      if (known === undefined) unknown.set(reason[0], { refusal: reason, layers: [path] });
      else known.layers.push(path);
    }
  };
  visit(model.layers, '');
  const [first, ...more] = [...unknown.values()];
  if (first === undefined) return;
  const where = (layers: readonly string[]): string =>
    `${layers.length === 1 ? 'layer' : 'layers'} ${layers
      .slice(0, 8)
      .map((layer) => `"${layer}"`)
      .join(', ')}${layers.length > 8 ? ` and ${layers.length - 8} more` : ''}`;
  const others = more.map(({ refusal: [what], layers }) => `; ${where(layers)}: ${what}`).join('');
  throw new EspalierError('unsupported-model', `${first.refusal[0]}${others}`, { where: where(first.layers), fix: first.refusal[1] });
}
