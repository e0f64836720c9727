import type { BroadcastTo, Concat, Gather, Pad, Reshape, ScatterAdd, Slice, Transpose } from '../../../program/instructions.ts';
import type { GraphWriter } from '../graph-writer.ts';

/** `Reshape` to the output's shape. */
export function writeReshape(graph: GraphWriter, { x, output }: Reshape): void {
  graph.node('Reshape', [graph.nameOf(x), graph.integers(output.shape)], {}, graph.nameOf(output));
}

/** `Transpose`. */
export function writeTranspose(graph: GraphWriter, { x, order, output }: Transpose): void {
  graph.node('Transpose', [graph.nameOf(x)], { perm: { integers: order } }, graph.nameOf(output));
}

/** `Expand`. */
export function writeBroadcastTo(graph: GraphWriter, { x, output }: BroadcastTo): void {
  graph.node('Expand', [graph.nameOf(x), graph.integers(output.shape)], {}, graph.nameOf(output));
}

/** `Slice`, whose end is behind the last element that is taken. */
export function writeSlice(graph: GraphWriter, { x, begin, size, strides, output }: Slice): void {
  const end = begin.map((first, axis) => first + ((size[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
  const axes = begin.map((_, axis) => axis);
  graph.node(
    'Slice',
    [graph.nameOf(x), graph.integers(begin), graph.integers(end), graph.integers(axes), graph.integers(strides)],
    {},
    graph.nameOf(output),
  );
}

/** `Concat`. */
export function writeConcat(graph: GraphWriter, { xs, axis, output }: Concat): void {
  graph.node(
    'Concat',
    xs.map((x) => graph.nameOf(x)),
    { axis: { integer: axis } },
    graph.nameOf(output),
  );
}

/** `Pad` with a constant. */
export function writePad(graph: GraphWriter, { x, paddings, value, output }: Pad): void {
  const pads = graph.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  const inputs = value === 0 ? [graph.nameOf(x), pads] : [graph.nameOf(x), pads, graph.scalar(value)];
  graph.node('Pad', inputs, {}, graph.nameOf(output));
}

/** `Gather`. */
export function writeGather(graph: GraphWriter, { x, indices, axis, output }: Gather): void {
  graph.node('Gather', [graph.nameOf(x), graph.nameOf(indices)], { axis: { integer: axis } }, graph.nameOf(output));
}

/** `ScatterElements` with reduction `add` into zeros, with each index repeated along the row. */
export function writeScatterAdd(graph: GraphWriter, { indices, updates, output }: ScatterAdd): void {
  const [rows = 0, width = 0] = output.shape;
  const [n = 0] = indices.shape;
  const zeros = graph.node('Expand', [graph.scalar(0), graph.integers([rows, width])]);
  const column = graph.node('Reshape', [graph.nameOf(indices), graph.integers([n, 1])]);
  const everywhere = width === 1 ? column : graph.node('Expand', [column, graph.integers([n, width])]);
  graph.node(
    'ScatterElements',
    [zeros, everywhere, graph.nameOf(updates)],
    { axis: { integer: 0 }, reduction: { string: 'add' } },
    graph.nameOf(output),
  );
}
