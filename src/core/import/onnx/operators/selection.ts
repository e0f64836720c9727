/** Parts of a value along its axes. */
import { selected } from '../../../network/selection.ts';
import type { NodeContext } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { SliceRange } from '../slice-ranges.ts';
import type { ComputedValue } from '../value.ts';

/** One range for each ONNX axis; axes that go backwards are read forwards first and turned round element by element. */
export function cropped(context: NodeContext, value: ComputedValue, ranges: readonly SliceRange[]): ComputedValue {
  const { builder, layer } = context;
  const { batch } = value;
  if (batch !== undefined && (ranges[batch]?.begin !== 0 || ranges[batch].count !== value.shape[batch]))
    refuse('of the batch is not supported', 'keep examples apart');
  if (ranges.some(({ count }) => count === 0)) refuse('to nothing is not supported', 'remove the branch from the model');
  const stored = value.axes.map((axis) => ranges[axis] ?? { begin: 0, step: 1, count: 1 });
  const shape = ranges.map(({ count }) => count);
  const isWhole = stored.every(({ begin, step, count }, i) => begin === 0 && step === 1 && count === value.shape[value.axes[i] ?? 0]);
  if (isWhole) return value;
  if (stored.some(({ step }) => step < 0)) return backwards(context, value, ranges);
  const id = builder.crop(
    layer,
    value.id,
    stored.map(({ begin }) => begin),
    stored.map(({ count }) => count),
    stored.map(({ step, count }) => (count === 1 ? 1 : step)),
  );
  return { ...value, id, shape };
}

/** No runtime operator here turns an axis round: its elements are joined one by one. */
function backwards(context: NodeContext, value: ComputedValue, ranges: readonly SliceRange[]): ComputedValue {
  const axis = ranges.findIndex(({ step }) => step < 0);
  const range = ranges[axis] ?? refuse('without a step');
  const turned = chooseAlong(
    context,
    value,
    axis,
    Array.from({ length: range.count }, (_, i) => range.begin + i * range.step),
  );
  return cropped(context, turned, ranges.with(axis, { begin: 0, step: 1, count: range.count }));
}

/** The elements of one ONNX axis at these indices; any axis of a batch of one is the batch. */
export function chooseAlong(context: NodeContext, value: ComputedValue, axis: number, indices: readonly number[]): ComputedValue {
  const { builder, layer, layout } = context;
  if (axis === value.batch) return layout.batchSize === 1 ? value : refuse('of the batch is not supported', 'keep examples apart');
  const id = selected(builder, layer, value.id, value.axes.indexOf(axis), indices);
  return { ...value, id, shape: value.shape.with(axis, indices.length) };
}
