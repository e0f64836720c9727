import type { Instruction, MaxPool2d, MaxPool2dGradient } from '../../../program/instructions.ts';
import { elements } from '../../../program/shapes.ts';
import type { GraphWriter } from '../graph-writer.ts';
import type { OnnxAttribute } from '../onnx-model.ts';

type Pooling = Pick<MaxPool2d, 'x' | 'size' | 'strides' | 'pads'>;

/** Keys of the poolings that have a gradient. Only they compute the indices of their maxima, which costs time. */
export function poolingsWithGradient(instructions: readonly Instruction[]): ReadonlySet<string> {
  return new Set(instructions.flatMap((instruction) => (instruction.op === 'maxPool2dGradient' ? [poolingKey(instruction)] : [])));
}

function poolingKey({ x, size, strides, pads }: Pooling): string {
  return `p${x.id}_${[...size, ...strides, ...pads].join('_')}`;
}

/** `MaxPool`, with the indices of the maxima where the gradient needs them. */
export function writeMaxPool2d(graph: GraphWriter, instruction: MaxPool2d, withGradient: ReadonlySet<string>): void {
  const key = poolingKey(instruction);
  const output = graph.nameOf(instruction.output);
  if (!withGradient.has(key)) {
    graph.node('MaxPool', [graph.nameOf(instruction.x)], attributesOf(instruction), output);
  } else {
    graph.node('Identity', [writeSharedPool(graph, instruction).values], {}, output);
  }
}

/**
 * `MaxUnpool` where windows do not overlap, else `ScatterElements` with reduction `add`, both at the indices of the
 * maxima; without indices, a comparison for each place of the window.
 */
export function writeMaxPool2dGradient(graph: GraphWriter, instruction: MaxPool2dGradient): void {
  if (graph.gaps.has('poolIndices')) {
    writeGradientByTaps(graph, instruction);
    return;
  }
  const { x, g, size, strides, output } = instruction;
  const { indices } = writeSharedPool(graph, instruction);
  if (strides[0] >= size[0] && strides[1] >= size[1]) {
    // Each input lies in one window at most, so that placing is the same as adding.
    graph.node('MaxUnpool', [graph.nameOf(g), indices, graph.integers(output.shape)], attributesOf(instruction), graph.nameOf(output));
    return;
  }
  const zeros = graph.node('Expand', [graph.scalar(0), graph.integers([elements(x.shape)])]);
  const flatIndices = graph.node('Reshape', [indices, graph.integers([elements(g.shape)])]);
  const flat = graph.node('Reshape', [graph.nameOf(g), graph.integers([elements(g.shape)])]);
  const sums = graph.node('ScatterElements', [zeros, flatIndices, flat], { axis: { integer: 0 }, reduction: { string: 'add' } });
  graph.node('Reshape', [sums, graph.integers(output.shape)], {}, graph.nameOf(output));
}

/**
 * Of what is left of `g`, each place of the window takes that of the windows whose maximum is there, so that the first of
 * equal inputs has it. With strides s each share becomes the corner of s x s zeros, and shares of all places add up.
 */
function writeGradientByTaps(graph: GraphWriter, instruction: MaxPool2dGradient): void {
  const { x, g, size, strides, pads, output } = instruction;
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  const [, , rows = 1, columns = 1] = g.shape;
  const [top, left] = pads;
  // As far as the last window reaches, with the zeros behind its corner.
  const reach = [rows * strides[0] + size[0] - 1, columns * strides[1] + size[1] - 1] as const;
  const { values: maxima } = writeSharedPool(graph, instruction);
  const below = [Math.max(0, reach[0] - top - h), Math.max(0, reach[1] - left - w)] as const;
  const padded = graph.node('Pad', [graph.nameOf(x), graph.integers([0, 0, top, left, 0, 0, ...below]), graph.scalar(lowest)]);
  let rest = graph.nameOf(g);
  let sum: string | undefined;
  for (const [dy, dx] of placesOf(size)) {
    const corner = [dy + (rows - 1) * strides[0] + 1, dx + (columns - 1) * strides[1] + 1];
    const inputs = graph.node('Slice', [
      padded,
      graph.integers([dy, dx]),
      graph.integers(corner),
      graph.integers([2, 3]),
      graph.integers(strides),
    ]);
    const isMaximum = graph.node('Cast', [graph.node('Equal', [inputs, maxima])], { to: { integer: 1 } });
    const share = graph.node('Mul', [rest, isMaximum]);
    rest = graph.node('Sub', [rest, share]);
    const apart = graph.node('Pad', [
      graph.node('Reshape', [share, graph.integers([n * c, rows, 1, columns, 1])]),
      graph.integers([0, 0, 0, 0, 0, 0, 0, strides[0] - 1, 0, strides[1] - 1]),
      graph.scalar(0),
    ]);
    const placed = graph.node('Pad', [
      graph.node('Reshape', [apart, graph.integers([n * c, rows * strides[0], columns * strides[1]])]),
      graph.integers([0, dy, dx, 0, size[0] - 1 - dy, size[1] - 1 - dx]),
      graph.scalar(0),
    ]);
    sum = sum === undefined ? placed : graph.node('Add', [sum, placed]);
  }
  const more = [Math.max(0, top + h - reach[0]), Math.max(0, left + w - reach[1])];
  const whole = graph.node('Pad', [sum ?? rest, graph.integers([0, 0, 0, 0, ...more]), graph.scalar(0)]);
  const inside = graph.node('Slice', [whole, graph.integers([top, left]), graph.integers([top + h, left + w]), graph.integers([1, 2])]);
  graph.node('Reshape', [inside, graph.integers(output.shape)], {}, graph.nameOf(output));
}

/** Less than any value of a network. */
const lowest = -3.4e38;

/** Row by row, as `MaxPool` looks for the first maximum. */
function placesOf([height, width]: readonly [number, number]): readonly (readonly [number, number])[] {
  return Array.from({ length: height * width }, (_, i) => [Math.floor(i / width), i % width] as const);
}

/** One node for the forward pass and the gradient, whichever comes first; it has no indices where the provider gives none. */
function writeSharedPool(graph: GraphWriter, instruction: Pooling): { readonly values: string; readonly indices: string } {
  const key = poolingKey(instruction);
  const outputs = { values: `${key}_values`, indices: `${key}_indices` };
  if (!graph.nodes.some((node) => node.outputs[0] === outputs.values)) {
    graph.nodes.push({
      op: 'MaxPool',
      domain: '',
      inputs: [graph.nameOf(instruction.x)],
      outputs: graph.gaps.has('poolIndices') ? [outputs.values] : [outputs.values, outputs.indices],
      attributes: attributesOf(instruction),
    });
  }
  return outputs;
}

function attributesOf({ size, strides, pads }: Pooling): Record<string, OnnxAttribute> {
  return { kernel_shape: { integers: size }, strides: { integers: strides }, pads: { integers: pads } };
}
