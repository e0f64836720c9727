import type { Conv2d, ConvTranspose2d } from '../../../program/instructions.ts';
import type { Window } from '../../../program/shapes.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { attributesOf, hasBlocks, writeBlockedConvolution } from './blocked-convolutions.ts';

/** `Conv`, whose layouts and pads are the instruction's, or the same in blocks of channels. */
export function writeConv2d(graph: GraphWriter, instruction: Conv2d): void {
  const { x, filter, output } = instruction;
  writeConvolution(graph, [graph.nameOf(x), graph.nameOf(filter)], filter.shape, instruction, graph.nameOf(output));
}

/** @param shape of the filter */
function writeConvolution(
  graph: GraphWriter,
  [x, filter]: readonly [string, string],
  shape: readonly number[],
  window: Window,
  output: string,
): void {
  const block = graph.channelBlock;
  // The runtime itself brings constant filters into blocks.
  if (block !== undefined && hasBlocks(shape, window.groups, block) && !graph.isConstant(filter))
    writeBlockedConvolution(graph, [x, filter], shape, { window, block }, output);
  else graph.node('Conv', [x, filter], attributesOf(window), output);
}

/**
 * With stride 1 it is a convolution with reversed taps and exchanged channels, which takes two thirds of the time of the
 * runtime's `ConvTranspose`; with other strides it is that operator.
 */
export function writeConvTranspose2d(graph: GraphWriter, instruction: ConvTranspose2d): void {
  const reversed = reversedPads(instruction, instruction.filter.shape.slice(2));
  if (reversed !== undefined) {
    const { x, filter, groups, output } = instruction;
    const [o = 1, c = 1, kh = 1, kw = 1] = filter.shape;
    const grouped = graph.node('Reshape', [reversedTaps(graph, graph.nameOf(filter)), graph.integers([groups, o / groups, c, kh, kw])]);
    const exchanged = graph.node('Transpose', [grouped], { perm: { integers: [0, 2, 1, 3, 4] } });
    const shape = [groups * c, o / groups, kh, kw];
    writeConvolution(
      graph,
      [graph.nameOf(x), graph.node('Reshape', [exchanged, graph.integers(shape)])],
      shape,
      { ...instruction, pads: reversed },
      graph.nameOf(output),
    );
    return;
  }
  writeStridedConvTranspose2d(graph, instruction);
}

/**
 * Pads of the stride-1 convolution with reversed taps that goes from the output back to the input; undefined where the
 * stride is not 1 or a pad would be negative.
 */
export function reversedPads(
  { strides, pads, dilations }: Omit<Window, 'groups'>,
  kernel: readonly number[],
): readonly [number, number, number, number] | undefined {
  if (strides[0] !== 1 || strides[1] !== 1) return undefined;
  const full = (axis: 0 | 1): number => ((kernel[axis] ?? 1) - 1) * dilations[axis];
  const [top, left, bottom, right] = [full(0) - pads[0], full(1) - pads[1], full(0) - pads[2], full(1) - pads[3]];
  return Math.min(top, left, bottom, right) < 0 ? undefined : [top, left, bottom, right];
}

/** A filter `[., ., kh, kw]` with its taps in reverse. */
export function reversedTaps(graph: GraphWriter, filter: string): string {
  const beforeFirst = -(2 ** 31);
  return graph.node('Slice', [
    filter,
    graph.integers([-1, -1]),
    graph.integers([beforeFirst, beforeFirst]),
    graph.integers([2, 3]),
    graph.integers([-1, -1]),
  ]);
}

function writeStridedConvTranspose2d(graph: GraphWriter, instruction: ConvTranspose2d): void {
  const { x, filter, output } = instruction;
  graph.node(
    'ConvTranspose',
    [graph.nameOf(x), graph.nameOf(filter)],
    {
      ...attributesOf(instruction),
      output_padding: { integers: outputPadding(instruction, x.shape.slice(2), filter.shape.slice(2), output.shape.slice(2)) },
    },
    graph.nameOf(output),
  );
}

/**
 * `output_padding` of `ConvTranspose`: the rows and columns `[bottom, right]` that the floor of the forward division
 * left over.
 */
export function outputPadding(
  { strides, pads, dilations }: Omit<Window, 'groups'>,
  x: readonly number[],
  kernel: readonly number[],
  output: readonly number[],
): readonly number[] {
  return ([0, 1] as const).map((axis) => {
    const extent = ((kernel[axis] ?? 1) - 1) * dilations[axis] + 1;
    const full = ((x[axis] ?? 1) - 1) * strides[axis] + extent - pads[axis] - pads[axis === 0 ? 2 : 3];
    return (output[axis] ?? 1) - full;
  });
}
