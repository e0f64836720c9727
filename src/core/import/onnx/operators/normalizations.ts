import { groupNormalized, normalized } from '../../../network/compositions.ts';
import type { Parameter } from '../../../network/network.ts';
import { axisOf } from '../axes.ts';
import type { HostTensor } from '../host-tensor.ts';
import { parameterOf, vector, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { arranged } from './broadcasting.ts';

/** Over axis 1, with the statistics of training. */
function batchNormalization(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const value = context.input(0);
  if (node.attributes.integer('training_mode', 0) !== 0 || node.outputs.filter((output) => output !== '').length > 1)
    refuse('in training mode is not supported', 'call model.eval() before exporting');
  if (node.attributes.integer('spatial', 1) === 0) refuse('with statistics for each position is not supported');
  const [gamma, beta, mean, variance] = ['a scale', 'a bias', 'a mean', 'a variance'].map((what, i) =>
    vector(context.required(i + 1, what)),
  );
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return refuse('lacks its statistics');
  const input = layout.channelsLast(value, layer);
  // PyTorch's momentum is the weight of the new statistics, ONNX's of the old ones: the exporter has turned it round.
  const momentum = node.attributes.float('momentum', 0.9);
  return layout.fromChannelsLast(
    builder.batchNorm(layer, input, { gamma, beta, mean, variance, epsilon: node.attributes.float('epsilon', 1e-5), momentum }),
  );
}

/** Over all axes from one on. */
function layerNormalization(context: NodeContext): ComputedValue {
  const { builder, layer, node } = context;
  const value = context.input(0);
  if (node.outputs.slice(1).some((output) => output !== '')) refuse('with its statistics as outputs is not supported');
  const first = axisOf(node.attributes.integer('axis', -1), value.shape.length);
  const over = value.shape.map((_, axis) => axis).filter((axis) => axis >= first);
  if (value.batch !== undefined && value.batch >= first) refuse('over the batch is not supported');
  const ordered = context.layout.reordered(value, [...value.axes.filter((axis) => axis < first), ...over], layer);
  const [gamma, beta] = [context.constant(1, 'a scale'), context.constant(2, 'a bias')].map((constant) =>
    constant === undefined ? undefined : arranged(constant, ordered),
  );
  const axes = over.map((axis) => ordered.axes.indexOf(axis));
  return context.like(ordered, normalized(builder, layer, ordered.id, { axes, epsilon: epsilonOf(context), gamma, beta }));
}

function epsilonOf({ node: { attributes } }: NodeContext): number {
  return attributes.float('epsilon', 1e-5);
}

/** Over the positions of each channel of each example. */
function instanceNormalization(context: NodeContext): ComputedValue {
  const { builder, layer, layout } = context;
  const input = layout.channelsLast(context.input(0), layer);
  const axes = builder
    .shapeOf(input)
    .map((_, axis) => axis)
    .slice(0, -1);
  const [gamma, beta] = ['a scale', 'a bias'].map((what, i) => vector(context.required(i + 1, what)));
  return layout.fromChannelsLast(normalized(builder, layer, input, { axes, epsilon: epsilonOf(context), gamma, beta }));
}

/** Over the positions of a group of channels. */
function groupNormalization(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const input = layout.channelsLast(context.input(0), layer);
  const groups = node.attributes.integer('num_groups', 1);
  const channels = builder.shapeOf(input).at(-1) ?? 1;
  if (channels % groups !== 0) refuse(`of ${channels} channels in ${groups} groups is not possible`);
  const [gamma, beta] = ['a scale', 'a bias'].map((what, i) => ofChannels(context.required(i + 1, what), channels));
  return layout.fromChannelsLast(groupNormalized(builder, layer, input, { groups, epsilon: epsilonOf(context), gamma, beta }));
}

/** Until operator set 20 a group normalization has one scale a group. */
function ofChannels(tensor: HostTensor, channels: number): Parameter {
  const run = channels / tensor.data.length;
  return parameterOf(tensor, `channels ${channels}`, ({ data }) => ({
    type: 'float32',
    shape: [channels],
    data: Float32Array.from({ length: channels }, (_, i) => data[Math.floor(i / run)] ?? 0),
  }));
}

export const normalizationOperators: Readonly<Record<string, NodeConverter>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
};
