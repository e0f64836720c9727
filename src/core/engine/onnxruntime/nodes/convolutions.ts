import type { Conv2d, Conv2dFilterGradient, ConvTranspose2d } from '../../../program/instructions.ts';
import { convolutionShape, type Window } from '../../../program/shapes.ts';
import type { GraphWriter } from '../graph-writer.ts';
import type { OnnxAttribute } from '../onnx-model.ts';

/** `Conv`, whose layouts and pads are the instruction's. */
export function writeConv2d(graph: GraphWriter, instruction: Conv2d): void {
  const { x, filter, output } = instruction;
  graph.node('Conv', [graph.nameOf(x), graph.nameOf(filter)], attributesOf(instruction), graph.nameOf(output));
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
    graph.node(
      'Conv',
      [graph.nameOf(x), graph.node('Reshape', [exchanged, graph.integers([groups * c, o / groups, kh, kw])])],
      attributesOf({ ...instruction, pads: reversed }),
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

/** With fewer input channels a product for each tap is too narrow to be fast; with more taps there are too many of them. */
const fewestChannels = 8;
const mostTaps = 25;

/** In the form that is faster for its size: a matrix product for each tap, or a convolution with `g` as the filter. */
export function writeConv2dFilterGradient(graph: GraphWriter, instruction: Conv2dFilterGradient): void {
  const [, c = 1] = instruction.x.shape;
  const [, , kh = 1, kw = 1] = instruction.output.shape;
  if (instruction.groups === 1 && c >= fewestChannels && kh * kw <= mostTaps) writeFilterGradientByTaps(graph, instruction);
  else writeFilterGradientByConvolution(graph, instruction);
}

/**
 * For each tap the product of g `[o, n * h' * w']` with what the tap saw of x, `[c, n * h' * w']`: up to four times as
 * fast as the convolution below, whose products have a column for each tap only (16 channels of 32x32: 8 ms against 35).
 */
function writeFilterGradientByTaps(
  graph: GraphWriter,
  { x, g, strides, pads: [top, left, bottom, right], dilations, output }: Conv2dFilterGradient,
): void {
  const [o = 1, c = 1, kh = 1, kw = 1] = output.shape;
  const [n = 1, , rows = 1, columns = 1] = g.shape;
  const channelsFirst = { perm: { integers: [1, 0, 2, 3] } };
  const images = graph.node('Transpose', [graph.nameOf(x)], channelsFirst);
  const padded =
    top + left + bottom + right === 0 ? images : graph.node('Pad', [images, graph.integers([0, 0, top, left, 0, 0, bottom, right])]);
  const gradients = graph.node('Reshape', [
    graph.node('Transpose', [graph.nameOf(g)], channelsFirst),
    graph.integers([o, n * rows * columns]),
  ]);
  const products = Array.from({ length: kh * kw }, (_, tap) => {
    const [row, column] = [Math.floor(tap / kw) * dilations[0], (tap % kw) * dilations[1]];
    const end = [row + (rows - 1) * strides[0] + 1, column + (columns - 1) * strides[1] + 1];
    const seen = graph.node('Slice', [
      padded,
      graph.integers([row, column]),
      graph.integers(end),
      graph.integers([2, 3]),
      graph.integers(strides),
    ]);
    return graph.node('Gemm', [gradients, graph.node('Reshape', [seen, graph.integers([c, n * rows * columns])])], {
      transB: { integer: 1 },
    });
  });
  const byTap = graph.node('Reshape', [graph.node('Concat', products, { axis: { integer: 1 } }), graph.integers([o, kh * kw, c])]);
  graph.node(
    'Reshape',
    [graph.node('Transpose', [byTap], { perm: { integers: [0, 2, 1] } }), graph.integers(output.shape)],
    {},
    graph.nameOf(output),
  );
}

/**
 * A convolution of x with g as the filter, batch and channels exchanged and strides and dilations too:
 * `[c / groups, groups * n, h, w] * [o, n, h', w'] -> [c / groups, o, kh, kw]`.
 */
function writeFilterGradientByConvolution(graph: GraphWriter, instruction: Conv2dFilterGradient): void {
  const { x, g, strides, pads, dilations, groups, output } = instruction;
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  const [o = 1, , kh = 1, kw = 1] = output.shape;
  const [, , gh = 1, gw = 1] = g.shape;
  const grouped = graph.node('Reshape', [graph.nameOf(x), graph.integers([n, groups, c / groups, h, w])]);
  const turned = graph.node('Transpose', [grouped], { perm: { integers: [2, 1, 0, 3, 4] } });
  const images = graph.node('Reshape', [turned, graph.integers([c / groups, groups * n, h, w])]);
  const filters = graph.node('Transpose', [graph.nameOf(g)], { perm: { integers: [1, 0, 2, 3] } });
  const window: Window = { strides: dilations, dilations: strides, pads, groups };
  const [, , height = kh, width = kw] = convolutionShape([c / groups, groups * n, h, w], [o, n, gh, gw], window);
  let result = graph.node('Conv', [images, filters], attributesOf(window));
  if (height !== kh || width !== kw) {
    result = graph.node('Slice', [result, graph.integers([0, 0]), graph.integers([kh, kw]), graph.integers([2, 3])]);
  }
  graph.node('Transpose', [result], { perm: { integers: [1, 0, 2, 3] } }, graph.nameOf(output));
}

/** Strides, pads, dilations and groups as attributes of `Conv` and `ConvTranspose`. */
export function attributesOf({ strides, pads, dilations, groups }: Window): Record<string, OnnxAttribute> {
  return { strides: { integers: strides }, pads: { integers: pads }, dilations: { integers: dilations }, group: { integer: groups } };
}
