import type { ValueId } from '../../../network/network.ts';
import type { Reduce } from '../../../network/operations.ts';
import { axisOf } from '../axes.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';

/** Axes are an attribute in older operator sets, an input in newer ones; without them all are reduced. */
function reducedAxes(context: NodeContext, rank: number): readonly number[] {
  const { attributes } = context.node;
  const given = attributes.integers('axes') ?? Array.from(context.constant(1, 'axes')?.data ?? []);
  if (given.length > 0) return given.map((axis) => axisOf(axis, rank));
  return attributes.integer('noop_with_empty_axes', 0) === 0 ? Array.from({ length: rank }, (_, axis) => axis) : [];
}

/** @param before,after element-wise functions around the reduction */
const reduce =
  (
    name: Reduce['function'],
    before: (context: NodeContext, id: ValueId) => ValueId = (_, id) => id,
    after: (context: NodeContext, id: ValueId) => ValueId = (_, id) => id,
  ): NodeConverter =>
  (context) => {
    const { layer, layout } = context;
    const value = context.input(0);
    const axes = reducedAxes(context, value.shape.length);
    const kept = reduceAxes(context, context.like(value, before(context, value.id)), name, axes);
    const result = context.like(kept, after(context, kept.id));
    if (context.node.attributes.integer('keepdims', 1) !== 0) return result;
    const shape = result.shape.filter((_, axis) => !axes.includes(axis));
    const remaining = result.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const batch = result.batch === undefined || axes.includes(result.batch) ? undefined : remaining.indexOf(result.batch);
    return layout.reshapeAround(result, shape, batch, layer);
  };

/** With the reduced axes kept at length 1. */
export function reduceAxes(context: NodeContext, value: ComputedValue, name: Reduce['function'], axes: readonly number[]): ComputedValue {
  const { builder, layer, layout } = context;
  if (value.batch !== undefined && axes.includes(value.batch) && layout.batchSize !== 1)
    refuse('over the batch is not supported', 'reduce one example at a time');
  const shape = value.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const stored = value.axes.flatMap((axis, position) => (axes.includes(axis) && value.shape[axis] !== 1 ? [position] : []));
  if (stored.length === 0) return { ...value, shape };
  return { ...value, id: builder.reduce(layer, value.id, name, stored, true), shape };
}

const squared = ({ builder, layer }: NodeContext, id: ValueId): ValueId => builder.binary(layer, 'mul', id, id);
const absolute = ({ builder, layer }: NodeContext, id: ValueId): ValueId => builder.unary(layer, id, 'abs');
const exponential = ({ builder, layer }: NodeContext, id: ValueId): ValueId => builder.unary(layer, id, 'exp');
const logarithm = ({ builder, layer }: NodeContext, id: ValueId): ValueId => builder.unary(layer, id, 'log');
const root = ({ builder, layer }: NodeContext, id: ValueId): ValueId => builder.unary(layer, id, 'sqrt');

export const reductionOperators: Readonly<Record<string, NodeConverter>> = {
  ReduceMean: reduce('mean'),
  ReduceSum: reduce('sum'),
  ReduceMax: reduce('max'),
  ReduceMin: reduce('min'),
  ReduceL1: reduce('sum', absolute),
  ReduceL2: reduce('sum', squared, root),
  ReduceSumSquare: reduce('sum', squared),
  ReduceLogSum: reduce('sum', undefined, logarithm),
  ReduceLogSumExp: reduce('sum', exponential, logarithm),
};
