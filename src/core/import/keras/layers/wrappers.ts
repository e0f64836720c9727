/** Layers around a layer. */
import { EspalierError } from '../../../errors.ts';
import { split } from '../../../network/selection.ts';
import type { ValueId } from '../../../network/network.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { WeightTensor } from '../../weights.ts';
import { type LayerContext, type LayerConverters, onlyInput, unsupported } from '../layer-converter.ts';
import { outputRange } from '../tfmot-wrappers.ts';

export interface WrappedLayer {
  readonly className: string;
  readonly config: JsonObject;
}

/** The layer that a field holds, as `{ class_name, config }`. */
export function wrappedLayer(context: LayerContext, key = 'layer'): WrappedLayer {
  const stored = context.config.raw(key);
  const className = isObject(stored) ? stored['class_name'] : undefined;
  if (!isObject(stored) || typeof className !== 'string')
    throw new EspalierError('invalid-model', `"${key}" should hold a layer`, { where: context.config.where });
  return { className, config: isObject(stored['config']) ? stored['config'] : {} };
}

/** Files without names of weights put those of a part under the name of the field that holds it. */
export function weightsOfPart(tensors: readonly WeightTensor[], part: string): readonly WeightTensor[] {
  const own = tensors.filter(({ name }) => name.startsWith(`${part}/`));
  return own.length === 0 ? tensors : own.map((tensor) => ({ ...tensor, name: tensor.name.slice(part.length + 1) }));
}

/** Layers that treat every step alike by themselves, since they work on the last axis or on each element. */
const stepwise = new Set([
  'Dense',
  'Activation',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'Softmax',
  'BatchNormalization',
  'LayerNormalization',
  'UnitNormalization',
  'Dropout',
  'Rescaling',
]);
/** Every other layer is computed for each step anew. */
const mostSteps = 256;

function timeDistributed(context: LayerContext): ValueId {
  const { builder, layer } = context;
  const input = onlyInput(context);
  const part = { ...wrappedLayer(context), tensors: weightsOfPart(context.tensors, 'layer') };
  const shape = builder.shapeOf(input);
  const [steps = 0, ...ofStep] = shape;
  if (ofStep.length === 0) return unsupported(context, 'TimeDistributed over numbers is not supported', 'give each step at least one axis');
  if (stepwise.has(part.className)) return context.inner({ ...part, inputs: [input] });
  if (part.className === 'Flatten') return builder.reshape(layer, input, [steps, ofStep.reduce((product, length) => product * length, 1)]);
  if (steps > mostSteps)
    return unsupported(
      context,
      `TimeDistributed(${part.className}) over ${steps} steps is not supported, at most ${mostSteps} are`,
      'use shorter sequences',
    );
  const results = split(builder, layer, input, 0, new Array<number>(steps).fill(1)).map((step) => {
    const output = context.inner({ ...part, inputs: [builder.reshape(layer, step, ofStep)] });
    return builder.reshape(layer, output, [1, ...builder.shapeOf(output)]);
  });
  return builder.concat(layer, results, 0);
}

/** TFMOT's quantizer of a model's input: its range is offered to calibration. */
function quantizeLayer(context: LayerContext): ValueId {
  const input = onlyInput(context);
  const range = outputRange(context.tensors);
  if (range !== undefined) context.offerRange(input, range);
  return input;
}

export const wrapperLayers: LayerConverters = {
  TimeDistributed: timeDistributed,
  QuantizeLayer: quantizeLayer,
};
