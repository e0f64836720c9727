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
    graph.node('Identity', [writePoolWithIndices(graph, instruction).values], {}, output);
  }
}

/**
 * `MaxUnpool` where windows do not overlap, else `ScatterElements` with reduction `add`, both at the indices of the
 * maxima.
 */
export function writeMaxPool2dGradient(graph: GraphWriter, instruction: MaxPool2dGradient): void {
  const { x, g, size, strides, output } = instruction;
  const { indices } = writePoolWithIndices(graph, instruction);
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

/** One node for the forward pass and the gradient, whichever comes first. */
function writePoolWithIndices(graph: GraphWriter, instruction: Pooling): { readonly values: string; readonly indices: string } {
  const key = poolingKey(instruction);
  const outputs = { values: `${key}_values`, indices: `${key}_indices` };
  if (!graph.nodes.some((node) => node.outputs[0] === outputs.values)) {
    graph.nodes.push({
      op: 'MaxPool',
      domain: '',
      inputs: [graph.nameOf(instruction.x)],
      outputs: [outputs.values, outputs.indices],
      attributes: attributesOf(instruction),
    });
  }
  return outputs;
}

function attributesOf({ size, strides, pads }: Pooling): Record<string, OnnxAttribute> {
  return { kernel_shape: { integers: size }, strides: { integers: strides }, pads: { integers: pads } };
}
