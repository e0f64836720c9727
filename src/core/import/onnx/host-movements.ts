/** Operators on known tensors that move, join and cut elements. */
import { broadcastShape, elementCount } from '../../network/shapes/shape.ts';
import { axisOf } from './axes.ts';
import { checkSize, type HostContext, type HostOperator } from './host-context.ts';
import { allocate, broadcastTo, gatherStrided, stridesOf, tensorFrom, transposed, type HostTensor } from './host-tensor.ts';
import { refuse } from './refusal.ts';
import { sliceRanges } from './slice-ranges.ts';
import { splitSizes } from './split-sizes.ts';
import { targetShape } from './target-shape.ts';

function concat(context: HostContext, x: HostTensor): HostTensor {
  const axis = axisOf(context.node.attributes.integer('axis', 0), x.shape.length);
  const parts = context.node.inputs.map((_, i) => context.input(i) ?? refuse('lacks an input'));
  const shape = x.shape.with(
    axis,
    parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0),
  );
  checkSize(shape);
  const inner = elementCount(x.shape.slice(axis + 1));
  const outer = elementCount(x.shape.slice(0, axis));
  const data = allocate(x.type, elementCount(shape));
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const run = (part.shape[axis] ?? 0) * inner;
      data.set(part.data.subarray(row * run, (row + 1) * run), at);
      at += run;
    }
  }
  return { type: x.type, shape, data };
}

function gather(context: HostContext, x: HostTensor): HostTensor {
  const indices = context.input(1) ?? refuse('has no indices');
  const axis = axisOf(context.node.attributes.integer('axis', 0), x.shape.length);
  const length = x.shape[axis] ?? 0;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  checkSize(shape);
  const inner = elementCount(x.shape.slice(axis + 1));
  const count = indices.data.length;
  return tensorFrom(x.type, shape, (i) => {
    const index = indices.data[Math.floor(i / inner) % count] ?? 0;
    const row = Math.floor(i / inner / count);
    const from = index < 0 ? index + length : index;
    if (!(from >= 0 && from < length)) refuse(`reads index ${index} of ${length}`);
    return x.data[(row * length + from) * inner + (i % inner)] ?? 0;
  });
}

function slice(context: HostContext, x: HostTensor): HostTensor {
  const ranges = sliceRanges(context.node, x.shape, (position) => context.input(position));
  const strides = stridesOf(x.shape);
  return gatherStrided(
    x,
    ranges.map(({ count }) => count),
    ranges.map(({ step }, axis) => step * (strides[axis] ?? 0)),
    ranges.reduce((start, { begin }, axis) => start + begin * (strides[axis] ?? 0), 0),
  );
}

function split(context: HostContext, x: HostTensor): readonly HostTensor[] {
  const axis = axisOf(context.node.attributes.integer('axis', 0), x.shape.length);
  const length = x.shape[axis] ?? 0;
  const sizes = splitSizes(context.node, length, context.input(1));
  const strides = stridesOf(x.shape);
  let begin = 0;
  return sizes.map((size) => {
    const part = gatherStrided(x, x.shape.with(axis, size), strides, begin * (strides[axis] ?? 0));
    begin += size;
    return part;
  });
}

function range(context: HostContext, start: HostTensor): HostTensor {
  const [from, limit, delta] = [start.data[0] ?? 0, context.input(1)?.data[0] ?? 0, context.input(2)?.data[0] ?? 1];
  const count = Math.max(Math.ceil((limit - from) / delta), 0);
  checkSize([count]);
  return tensorFrom(start.type, [count], (i) => from + i * delta);
}

function expand(context: HostContext, x: HostTensor): HostTensor {
  const wanted = Array.from(context.input(1)?.data ?? []);
  const shape = broadcastShape(x.shape, wanted) ?? refuse(`of [${x.shape.join(', ')}] to [${wanted.join(', ')}] is not possible`);
  checkSize(shape);
  return broadcastTo(x, shape);
}

function tile(context: HostContext, x: HostTensor): HostTensor {
  const repeats = Array.from(context.input(1)?.data ?? []);
  checkSize(x.shape.map((length, axis) => length * (repeats[axis] ?? 1)));
  return repeats.reduce<HostTensor>((tensor, count, axis) => {
    const strides = stridesOf(tensor.shape);
    const split = [...tensor.shape.slice(0, axis), count, ...tensor.shape.slice(axis)];
    const copied = gatherStrided(tensor, split, [...strides.slice(0, axis), 0, ...strides.slice(axis)]);
    return { ...copied, shape: tensor.shape.with(axis, (tensor.shape[axis] ?? 1) * count) };
  }, x);
}

function where(context: HostContext, condition: HostTensor): HostTensor {
  const [x, y] = [context.input(1) ?? refuse('has no values'), context.input(2) ?? refuse('has no values')];
  const shape = [x, y].reduce<readonly number[]>(
    (found, tensor) => broadcastShape(found, tensor.shape) ?? refuse('of shapes that do not broadcast'),
    condition.shape,
  );
  checkSize(shape);
  const [c, a, b] = [broadcastTo(condition, shape), broadcastTo(x, shape), broadcastTo(y, shape)];
  return tensorFrom(x.type, shape, (i) => (c.data[i] === 0 ? (b.data[i] ?? 0) : (a.data[i] ?? 0)));
}

/** Of tensors that are known: masks of windows that PyTorch fills slice by slice, for example. */
function scatterNd(context: HostContext, x: HostTensor): HostTensor {
  const [indices, updates] = [context.input(1) ?? refuse('has no indices'), context.input(2) ?? refuse('has no updates')];
  const reduction = context.node.attributes.text('reduction', 'none');
  if (reduction !== 'none') refuse(`with reduction "${reduction}" is not supported`);
  const depth = indices.shape.at(-1) ?? 0;
  const inner = elementCount(x.shape.slice(depth));
  const count = elementCount(indices.shape.slice(0, -1));
  if (depth > x.shape.length || updates.data.length !== count * inner)
    refuse(`of updates [${updates.shape.join(', ')}] at indices [${indices.shape.join(', ')}] of [${x.shape.join(', ')}] is not possible`);
  const strides = stridesOf(x.shape);
  const data = x.data.slice();
  for (let update = 0; update < count; update++) {
    let start = 0;
    for (let axis = 0; axis < depth; axis++) {
      const [length, index] = [x.shape[axis] ?? 0, indices.data[update * depth + axis] ?? 0];
      const place = index < 0 ? index + length : index;
      if (!(place >= 0 && place < length)) refuse(`writes to index ${index} of ${length}`);
      start += place * (strides[axis] ?? 0);
    }
    data.set(updates.data.subarray(update * inner, (update + 1) * inner), start);
  }
  return { ...x, data };
}

const reshape: HostOperator = (context, x) => ({ ...x, shape: targetShape(context.node, x.shape, context.input(1)) });

export const hostMovements: Readonly<Record<string, HostOperator>> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: (context, x) => transposed(x, context.node.attributes.integers('perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis)),
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Split: split,
  Range: range,
  Expand: expand,
  Tile: tile,
  Where: where,
  ScatterND: scatterNd,
};
