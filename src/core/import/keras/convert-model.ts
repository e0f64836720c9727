/** A Keras model as a network: nested models are inlined, shared layers share their parameters. */
import { EspalierError } from '../../errors.ts';
import type { Network, Parameter, Shape, ValueId } from '../../network/network.ts';
import { NetworkBuilder } from '../../network/network-builder.ts';
import { OpenInputs } from '../open-inputs.ts';
import type { ObservedRange, WeightScope } from '../weights.ts';
import { inDependencyOrder, requireFewCalls } from './call-order.ts';
import type { LayerCall, TensorReference } from './inbound-nodes.ts';
import { LayerConfig } from './layer-config.ts';
import type { InnerLayer } from './layer-converter.ts';
import { convertLayer, refuseUnknownLayers } from './layer-registry.ts';
import { MaskTracking } from './mask-tracking.ts';
import { unwrap } from './tfmot-wrappers.ts';
import { declaredInputShape, inputShape, type KerasLayer, type KerasModel } from './model-config.ts';

export interface ConversionOptions {
  /** Major version of the Keras that wrote the file. */
  readonly keras: number;
  readonly warn: (message: string) => void;
  /** Of inputs whose lengths the model leaves open: one shape an input, of one example; one serves all. */
  readonly inputShapes: readonly Shape[] | undefined;
}

export interface ConvertedModel {
  readonly network: Network;
  /** What quantizers saw of values while the model was trained, where it kept that. */
  readonly ranges: ReadonlyMap<ValueId, ObservedRange>;
}

/** `where` names the file. Throws `unsupported-model` for what the network cannot express. */
export function convertModel(model: KerasModel, weights: WeightScope, where: string, options: ConversionOptions): ConvertedModel {
  refuseUnknownLayers(model);
  requireFewCalls(model, where);
  const builder = new NetworkBuilder(model.name);
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const open = new OpenInputs(
    model.inputs.flatMap(({ layer: name }) => {
      const layer = layers.get(name);
      return layer === undefined ? [] : [{ name: layer.label, shape: declaredInputShape(layer.config)?.slice(1) }];
    }),
  );
  const inputs = model.inputs.map((reference, index) => {
    const layer = layers.get(reference.layer);
    if (layer === undefined) throw new EspalierError('invalid-model', `input layer "${reference.layer}" does not exist`, { where });
    const given = options.inputShapes;
    return builder.input(inputShape(layer, where, given?.length === 1 ? given[0] : given?.[index], open), layer.label);
  });
  const conversion = new ModelConversion(builder, options);
  const outputs = conversion.convert(model, weights, inputs, '');
  if (conversion.masked.length > 0)
    options.warn(
      `pruning wrappers were taken off ${conversion.masked.join(', ')}: their masked weights are zero; prune to at least their sparsity ("espalier inspect" says it) to keep those zeros in what follows`,
    );
  return { network: builder.build(outputs), ranges: conversion.ranges };
}

class ModelConversion {
  readonly #builder: NetworkBuilder;
  readonly #options: ConversionOptions;
  readonly #parameters = new Map<string, Parameter>();
  readonly ranges = new Map<ValueId, ObservedRange>();
  /** Layers whose weights a pruning wrapper masked. */
  readonly masked: string[] = [];
  readonly #masks: MaskTracking = new MaskTracking();

  constructor(builder: NetworkBuilder, options: ConversionOptions) {
    this.#builder = builder;
    this.#options = options;
  }

  /** `prefix` is the path of the model that holds the layers, empty for the outermost. */
  convert(model: KerasModel, weights: WeightScope, inputs: readonly ValueId[], prefix: string): readonly ValueId[] {
    const values = new Map<string, ValueId>();
    for (const [index, reference] of model.inputs.entries()) {
      const input = inputs[index];
      if (input === undefined)
        throw new EspalierError('invalid-model', `takes ${model.inputs.length} inputs, got ${inputs.length}`, {
          where: `model "${prefix}"`,
        });
      values.set(key(reference), input);
    }
    for (const item of inDependencyOrder(model)) {
      const arguments_ = item.call.inputs.map((reference) => values.get(key(reference)));
      if (!arguments_.every((value) => value !== undefined)) throw unconnected(item.layer, values, item.call);
      const outputs = this.#call(item.layer, item.index, item.call, arguments_, weights, prefix);
      for (const [tensor, output] of outputs.entries()) values.set(key({ layer: item.layer.name, node: item.node, tensor }), output);
    }
    return model.outputs.map((reference) => {
      const value = values.get(key(reference));
      if (value === undefined)
        throw new EspalierError('invalid-model', `output "${reference.layer}" is never computed`, { where: `model "${model.name}"` });
      return value;
    });
  }

  #call(
    layer: KerasLayer,
    index: number,
    call: LayerCall,
    inputs: readonly ValueId[],
    weights: WeightScope,
    prefix: string,
  ): readonly ValueId[] {
    const path = prefix === '' ? layer.label : `${prefix}/${layer.label}`;
    const reference = { name: layer.name, className: layer.wrapper ?? layer.className, index };
    if (layer.model !== undefined) return this.convert(layer.model, weights.nested(reference), inputs, path);
    const where = `layer "${path}"`;
    const stored = weights.layer(reference);
    const { tensors, range } = layer.wrapper === undefined ? { tensors: stored, range: undefined } : unwrap(layer.wrapper, stored, where);
    if (layer.wrapper === 'PruneLowMagnitude') this.masked.push(`"${path}"`);
    this.#masks.check(layer, inputs, where);
    const outputs = this.#convertLayer({ ...call, className: layer.className, config: layer.config, inputs, tensors }, path);
    this.#masks.follow(layer, inputs, outputs);
    const [output] = outputs;
    if (range !== undefined && output !== undefined) this.ranges.set(output, range);
    return outputs;
  }

  #convertLayer(layer: InnerLayer & Omit<LayerCall, 'inputs'>, path: string): readonly ValueId[] {
    const { className, config, inputs, constants, keywords, tensorKeywords, tensors } = layer;
    const converted = convertLayer({
      builder: this.#builder,
      layer: path,
      className,
      config: new LayerConfig(config, `layer "${path}"`),
      inputs,
      constants,
      keywords,
      tensorKeywords,
      arguments: layer.arguments,
      keras: this.#options.keras,
      tensors,
      once: (what, make) => {
        const id = `${path}\n${what}`;
        const known = this.#parameters.get(id);
        if (known !== undefined) return known;
        const made = make();
        this.#parameters.set(id, made);
        return made;
      },
      warn: this.#options.warn,
      inner: (part) => {
        const outputs = this.#convertLayer(
          { ...part, constants: [], keywords: {}, tensorKeywords: [], arguments: [] },
          part.name === undefined ? path : `${path}/${part.name}`,
        );
        return outputs[0] ?? '';
      },
      offerRange: (value, range) => this.ranges.set(value, range),
    });
    return typeof converted === 'string' ? [converted] : converted;
  }
}

function key(reference: TensorReference): string {
  return `${reference.node}:${reference.tensor}:${reference.layer}`;
}

function unconnected(layer: KerasLayer | undefined, values: ReadonlyMap<string, ValueId>, call: LayerCall | undefined): EspalierError {
  const missing = call?.inputs.find((reference) => !values.has(key(reference)));
  return new EspalierError('invalid-model', `its input "${missing?.layer ?? ''}" is missing or depends on the layer itself`, {
    where: `layer "${layer?.name ?? ''}"`,
  });
}
