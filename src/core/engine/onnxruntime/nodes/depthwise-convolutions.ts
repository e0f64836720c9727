import type { DepthwiseConv2d, DepthwiseConvTranspose2d, DepthwiseFilterGradient } from '../../../program/instructions.ts';
import type { Tensor } from '../../../program/program.ts';
import type { GraphWriter } from '../graph-writer.ts';
import { attributesOf } from './blocked-convolutions.ts';
import { outputPadding, reversedPads, reversedTaps } from './convolutions.ts';
import { productOfColumns, productOfRows } from './reductions.ts';

// `[c, n, h, w]` is to the runtime one example of c * n channels, each a group of its own: nothing is transposed, and
// the filter, small as it is, is repeated for each example.

/** `Conv` of one example of `c * n` channels, each in its own group. */
export function writeDepthwiseConv2d(graph: GraphWriter, instruction: DepthwiseConv2d): void {
  const { x, filter, output } = instruction;
  const filters = repeatedFilters(graph, channelFilters(graph, filter), filter, x);
  graph.node(
    'Reshape',
    [
      graph.node('Conv', [asOneExample(graph, x), filters], attributesOf({ ...instruction, groups: imagesOf(x) })),
      graph.integers(output.shape),
    ],
    {},
    graph.nameOf(output),
  );
}

/** With stride 1 a convolution with reversed taps, else `ConvTranspose`. */
export function writeDepthwiseConvTranspose2d(graph: GraphWriter, instruction: DepthwiseConvTranspose2d): void {
  const { x, filter, output } = instruction;
  const groups = imagesOf(x);
  const reversed = reversedPads(instruction, filter.shape.slice(1));
  const single = channelFilters(graph, filter);
  const result =
    reversed === undefined
      ? graph.node('ConvTranspose', [asOneExample(graph, x), repeatedFilters(graph, single, filter, x)], {
          ...attributesOf({ ...instruction, groups }),
          output_padding: { integers: outputPadding(instruction, x.shape.slice(2), filter.shape.slice(1), output.shape.slice(2)) },
        })
      : graph.node(
          'Conv',
          [asOneExample(graph, x), repeatedFilters(graph, reversedTaps(graph, single), filter, x)],
          attributesOf({ ...instruction, pads: reversed, groups }),
        );
  graph.node('Reshape', [result, graph.integers(output.shape)], {}, graph.nameOf(output));
}

/**
 * Wider images take less time tap by tap, since a product of all pairs of columns grows with the square of the width.
 * Where columns are skipped, taps are strided slices, which take several times as long: 96 channels of 112x112 with
 * stride 2 take 49 ms by rows and 69 by taps, 32 channels of 48x48 with stride 1 17 and 12, 192 of 28x28 8 both.
 */
const widestProduct = { adjacent: 28, skipping: 128 } as const;

/** In the form that is faster for its width: products of whole rows, or of each tap. */
export function writeDepthwiseFilterGradient(graph: GraphWriter, instruction: DepthwiseFilterGradient): void {
  const widest = instruction.strides[1] === 1 ? widestProduct.adjacent : widestProduct.skipping;
  if ((instruction.x.shape[3] ?? 1) <= widest) writeFilterGradientByRows(graph, instruction);
  else writeFilterGradientByTaps(graph, instruction);
}

/**
 * For each row of the filter the products of all columns of x with all columns of g, of which a constant selector then
 * adds up those that a tap pairs: one fast matrix product in place of a slow one for each tap.
 */
function writeFilterGradientByRows(graph: GraphWriter, instruction: DepthwiseFilterGradient): void {
  const { x, g, strides, pads, dilations, output } = instruction;
  const [c = 1, n = 1, , w = 1] = x.shape;
  const [, , rows = 1, columns = 1] = g.shape;
  const [, kh = 1, kw = 1] = output.shape;
  const padded = paddedImages(graph, x, [pads[0], 0, pads[2], 0]);
  const gradients = graph.node('Reshape', [graph.nameOf(g), graph.integers([c, n * rows, columns])]);
  const products = Array.from({ length: kh }, (_, tap) => {
    const first = tap * dilations[0];
    const seen = graph.node('Slice', [
      padded,
      graph.integers([first]),
      graph.integers([first + (rows - 1) * strides[0] + 1]),
      graph.integers([2]),
      graph.integers([strides[0]]),
    ]);
    return graph.node('Reshape', [
      productOfColumns(graph, graph.node('Reshape', [seen, graph.integers([c, n * rows, w])]), gradients),
      graph.integers([c, 1, w * columns]),
    ]);
  });
  const selector = new Float32Array(w * columns * kw);
  for (let to = 0; to < columns; to++) {
    for (let tap = 0; tap < kw; tap++) {
      const from = to * strides[1] - pads[1] + tap * dilations[1];
      if (from >= 0 && from < w) selector[(from * columns + to) * kw + tap] = 1;
    }
  }
  graph.node(
    'MatMul',
    [graph.node('Concat', products, { axis: { integer: 1 } }), graph.constant(selector, [w * columns, kw])],
    {},
    graph.nameOf(output),
  );
}

function writeFilterGradientByTaps(graph: GraphWriter, instruction: DepthwiseFilterGradient): void {
  const { x, g, strides, pads, dilations, output } = instruction;
  const [c = 1, n = 1] = x.shape;
  const [, , rows = 1, columns = 1] = g.shape;
  const [, kh = 1, kw = 1] = output.shape;
  const padded = paddedImages(graph, x, pads);
  const length = n * rows * columns;
  const gradients = graph.node('Reshape', [graph.nameOf(g), graph.integers([c, length])]);
  const products = Array.from({ length: kh * kw }, (_, tap) => {
    const [row, column] = [Math.floor(tap / kw) * dilations[0], (tap % kw) * dilations[1]];
    const seen = graph.node('Slice', [
      padded,
      graph.integers([row, column]),
      graph.integers([row + (rows - 1) * strides[0] + 1, column + (columns - 1) * strides[1] + 1]),
      graph.integers([2, 3]),
      graph.integers(strides),
    ]);
    const dots = productOfRows(graph, graph.node('Reshape', [seen, graph.integers([c, length])]), gradients, [c, length]);
    return graph.node('Reshape', [dots, graph.integers([c, 1])]);
  });
  graph.node('Reshape', [graph.node('Concat', products, { axis: { integer: 1 } }), graph.integers(output.shape)], {}, graph.nameOf(output));
}

function paddedImages(graph: GraphWriter, x: Tensor, [top, left, bottom, right]: readonly number[]): string {
  if (top === 0 && left === 0 && bottom === 0 && right === 0) return graph.nameOf(x);
  return graph.node('Pad', [graph.nameOf(x), graph.integers([0, 0, top ?? 0, left ?? 0, 0, 0, bottom ?? 0, right ?? 0])]);
}

function imagesOf({ shape: [c = 1, n = 1] }: Tensor): number {
  return c * n;
}

/** `[c, n, h, w]` -> `[1, c * n, h, w]` */
function asOneExample(graph: GraphWriter, x: Tensor): string {
  const [, , h = 1, w = 1] = x.shape;
  return graph.node('Reshape', [graph.nameOf(x), graph.integers([1, imagesOf(x), h, w])]);
}

/** `[c, kh, kw]` -> `[c, 1, kh, kw]` */
function channelFilters(graph: GraphWriter, filter: Tensor): string {
  const [c = 1, kh = 1, kw = 1] = filter.shape;
  return graph.node('Reshape', [graph.nameOf(filter), graph.integers([c, 1, kh, kw])]);
}

/** `[c, 1, kh, kw]` -> `[c * n, 1, kh, kw]` for the images of x. */
function repeatedFilters(graph: GraphWriter, filters: string, filter: Tensor, x: Tensor): string {
  const [c = 1, kh = 1, kw = 1] = filter.shape;
  const [, n = 1] = x.shape;
  const repeated = graph.node('Expand', [filters, graph.integers([c, n, kh, kw])]);
  return graph.node('Reshape', [repeated, graph.integers([c * n, 1, kh, kw])]);
}
