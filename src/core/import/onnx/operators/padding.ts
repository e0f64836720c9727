import { axisOf } from '../axes.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';
import { chooseAlong, cropped } from './selection.ts';

/** Pads are attributes until operator set 10, inputs afterwards. */
function pad(context: NodeContext): ComputedValue {
  const { builder, layer, node, opset } = context;
  const value = context.input(0);
  const rank = value.shape.length;
  const list = opset < 11 ? node.attributes.integers('pads') : context.constant(1, 'pads')?.data;
  const filler = opset < 11 ? node.attributes.float('value', 0) : (context.constant(2, 'a value')?.data[0] ?? 0);
  const axes = Array.from(context.constant(3, 'axes')?.data ?? value.shape.keys(), (axis) => axisOf(axis, rank));
  const pads = value.shape.map((): readonly [number, number] => [0, 0]);
  for (const [i, axis] of axes.entries()) pads[axis] = [list?.[i] ?? 0, list?.[i + axes.length] ?? 0];
  if (value.batch !== undefined && pads[value.batch]?.some((count) => count !== 0) === true) refuse('of the batch is not supported');
  const cut = cropped(
    context,
    value,
    value.shape.map((length, axis) => {
      const [before, after] = pads[axis] ?? [0, 0];
      return { begin: Math.max(-before, 0), step: 1, count: length + Math.min(before, 0) + Math.min(after, 0) };
    }),
  );
  const around = pads.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const);
  const mode = node.attributes.text('mode', 'constant');
  if (mode !== 'constant') return mirrored(context, cut, around, mode);
  if (around.every(([before, after]) => before === 0 && after === 0)) return cut;
  const id = builder.pad(
    layer,
    cut.id,
    cut.axes.map((axis) => around[axis] ?? [0, 0]),
    filler,
  );
  return { ...cut, id, shape: cut.shape.map((length, axis) => length + (around[axis]?.[0] ?? 0) + (around[axis]?.[1] ?? 0)) };
}

/** Elements of the value around it, an axis at a time. */
function mirrored(context: NodeContext, value: ComputedValue, pads: readonly (readonly [number, number])[], mode: string): ComputedValue {
  return pads.reduce((padded, [before, after], axis) => {
    if (before === 0 && after === 0) return padded;
    const length = padded.shape[axis] ?? 0;
    const at = Array.from({ length: length + before + after }, (_, i) => outside(i - before, length, mode));
    return chooseAlong(context, padded, axis, at);
  }, value);
}

function outside(index: number, length: number, mode: string): number {
  switch (mode) {
    case 'edge':
      return Math.min(Math.max(index, 0), length - 1);
    case 'reflect': {
      const period = Math.max(2 * (length - 1), 1);
      const at = ((index % period) + period) % period;
      return at < length ? at : period - at;
    }
    case 'wrap':
      return ((index % length) + length) % length;
    default:
      return refuse(`in mode "${mode}" is not supported`);
  }
}

export const paddingOperators: Readonly<Record<string, NodeConverter>> = { Pad: pad };
