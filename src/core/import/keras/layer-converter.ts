import { EspalierError } from '../../errors.ts';
import type { Parameter, Shape, ValueId } from '../../network/network.ts';
import type { NetworkBuilder } from '../../network/network-builder.ts';
import type { Json, JsonObject } from '../json.ts';
import { selectWeights, type WeightTensor } from '../weights.ts';
import type { CallConstant } from './inbound-nodes.ts';
import type { LayerConfig } from './layer-config.ts';

/** One call of one layer, with all that its converter needs. */
export interface LayerContext {
  readonly builder: NetworkBuilder;
  /** The layer's path: `outer/inner` in nested models. Names operations and parameters. */
  readonly layer: string;
  readonly className: string;
  readonly config: LayerConfig;
  readonly inputs: readonly ValueId[];
  /** Operands that are numbers. */
  readonly constants: readonly CallConstant[];
  /** Arguments of the call, by name; and the names of those that are tensors, which end the inputs. */
  readonly keywords: JsonObject;
  readonly tensorKeywords: readonly string[];
  /** Arguments of the call by position, as they are stored. */
  readonly arguments: readonly Json[];
  /** Major version of the Keras that wrote the file: some activations changed their definition. */
  readonly keras: number;
  readonly tensors: readonly WeightTensor[];
  /** A parameter made once however often the layer is called. */
  once(what: string, make: () => Parameter): Parameter;
  warn(message: string): void;
  /** Converts a layer that is part of this one: of the given class and config, with some of its weights. */
  inner(part: InnerLayer): ValueId;
  /** What a quantizer saw of a value while the model was trained. */
  offerRange(value: ValueId, range: { readonly minimum: number; readonly maximum: number }): void;
}

export interface InnerLayer {
  readonly className: string;
  readonly config: JsonObject;
  readonly inputs: readonly ValueId[];
  readonly tensors: readonly WeightTensor[];
  /** Added to the layer's path, where it has several parts. */
  readonly name?: string;
}

/** Adds the layer's operations and returns its output, or all of them. */
export type LayerConverter = (context: LayerContext) => ValueId | readonly ValueId[];
export type LayerConverters = Readonly<Record<string, LayerConverter>>;

export function onlyInput(context: LayerContext): ValueId {
  const [input, ...more] = context.inputs;
  if (input === undefined || more.length > 0)
    throw new EspalierError('invalid-model', `takes one input, got ${context.inputs.length}`, { where: context.config.where });
  return input;
}

export function unsupported(context: LayerContext, what: string, fix?: string): never {
  throw new EspalierError('unsupported-model', what, { where: context.config.where, fix });
}

/** The layer's weights under these names, shapes checked by rank. */
export function weights(context: LayerContext, names: readonly string[]): readonly WeightTensor[] {
  return selectWeights(context.tensors, names, context.config.where);
}

export function inputRank(context: LayerContext, rank: number): Shape {
  const shape = context.builder.shapeOf(onlyInput(context));
  if (shape.length !== rank)
    throw new EspalierError('invalid-model', `expects an input with ${rank} axes after the batch, got [${shape.join(', ')}]`, {
      where: context.config.where,
    });
  return shape;
}
