import type { Conv2dFilterGradient } from '../../../program/instructions.ts';
import { convolutionShape, type Window } from '../../../program/shapes.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { attributesOf } from './blocked-convolutions.ts';

/** With fewer input channels a product for each tap is too narrow to be fast; with more taps there are too many of them. */
const fewestChannels = 8;
const mostTaps = 25;

/**
 * From this many input channels on, rows of a window `[kw * c]` are long enough to be read in place: a step's filter
 * gradients take 0.5 to 0.85 of the time of products by tap.
 */
const fewestInterleavedChannels = 16;

/**
 * In the form that is faster for its size: a convolution of x with its channels last, a matrix product for each tap, or
 * a convolution with `g` as the filter.
 */
export function writeConv2dFilterGradient(graph: GraphWriter, instruction: Conv2dFilterGradient): void {
  const [, c = 1] = instruction.x.shape;
  const [, , kh = 1, kw = 1] = instruction.output.shape;
  if (isInterleaved(instruction)) writeFilterGradientInterleaved(graph, instruction);
  else if (instruction.groups === 1 && c >= fewestChannels && kh * kw <= mostTaps) writeFilterGradientByTaps(graph, instruction);
  else writeFilterGradientByConvolution(graph, instruction);
}

/**
 * With more filters than elements of a window the runtime would put all windows of the batch in memory at once. A window
 * that covers the image has one position, and a product for each tap is as good.
 */
function isInterleaved({ g, groups, dilations, output }: Conv2dFilterGradient): boolean {
  const [o = 1, c = 1, kh = 1, kw = 1] = output.shape;
  const positions = (g.shape[2] ?? 1) * (g.shape[3] ?? 1);
  const adjacent = dilations[0] === 1 && dilations[1] === 1;
  return groups === 1 && adjacent && c >= fewestInterleavedChannels && kh * kw > 1 && positions > 1 && o <= c * kh * kw;
}

/**
 * A convolution of x `[1, n, h, w * c]`, whose channels are last, with `g` as the filter `[o, n, h', w']`, whose taps lie
 * a stride apart, and along rows `c` strides: the result `[1, o, kh, kw * c]` has all taps and channels. The runtime
 * reads a window's rows of `kw * c` adjacent numbers into its cache, where a product for each tap needs a copy of x.
 */
function writeFilterGradientInterleaved(graph: GraphWriter, { x, g, strides, pads: [top, left], output }: Conv2dFilterGradient): void {
  const [o = 1, c = 1, kh = 1, kw = 1] = output.shape;
  const [n = 1, , h = 1, w = 1] = x.shape;
  const [, , rows = 1, columns = 1] = g.shape;
  // As far as the windows reach: rows and columns beyond that the stride leaves over are cut off.
  const [height, width] = [(rows - 1) * strides[0] + kh, (columns - 1) * strides[1] + kw];
  const interleaved = graph.node('Transpose', [graph.nameOf(x)], { perm: { integers: [0, 2, 3, 1] } });
  const padded = graph.node('Pad', [interleaved, graph.integers([0, top, left, 0, 0, height - h - top, width - w - left, 0])]);
  const filters = graph.node('Transpose', [graph.nameOf(g)], { perm: { integers: [1, 0, 2, 3] } });
  const window = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [strides[0], strides[1] * c], groups: 1 } as const;
  const result = graph.node(
    'Conv',
    [graph.node('Reshape', [padded, graph.integers([1, n, height, width * c])]), filters],
    attributesOf(window),
  );
  graph.node(
    'Transpose',
    [graph.node('Reshape', [result, graph.integers([o, kh, kw, c])])],
    { perm: { integers: [0, 3, 1, 2] } },
    graph.nameOf(output),
  );
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
