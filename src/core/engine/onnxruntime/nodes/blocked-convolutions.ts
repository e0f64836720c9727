import type { Window } from '../../../program/shapes.ts';
import type { GraphWriter } from '../graph-writer.ts';
import type { OnnxAttribute } from '../onnx-model.ts';

// A blocked tensor `[n, c, h, w]` lies in memory as `[n, c / block, h, w, block]`: a vector register holds a block of
// channels, and the convolution needs no copy of its windows. The runtime has such operators for its own optimizer, which
// takes them where filters are constants; in training they are not.

/** With fewer channels bringing tensors into blocks takes longer than the blocks save. */
const fewestChannels = 16;

/** @param shape of the filter, `[o, c / groups, kh, kw]` */
export function hasBlocks([o = 1, c = 1, kh = 1, kw = 1]: readonly number[], groups: number, block: number): boolean {
  return groups === 1 && kh * kw > 1 && Math.min(o, c) >= fewestChannels && o % block === 0 && c % block === 0;
}

/**
 * A convolution of `[n, c, h, w]` with a filter `[o, c, kh, kw]` in blocks of channels. With the transposes around it, it
 * takes 0.7 to 0.9 of the time of `Conv` (docs/performance.md).
 */
export function writeBlockedConvolution(
  graph: GraphWriter,
  [x, filter]: readonly [string, string],
  [o = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  { window, block }: { readonly window: Window; readonly block: number },
  output: string,
): void {
  const domain = 'com.microsoft.nchwc';
  const split = graph.node('Reshape', [filter, graph.integers([o / block, block, c / block, block, kh, kw])]);
  const blocks = graph.node('Transpose', [split], { perm: { integers: [0, 2, 4, 5, 3, 1] } });
  const result = graph.node(
    'Conv',
    [graph.node('ReorderInput', [x], {}, undefined, domain), graph.node('Reshape', [blocks, graph.integers([o, c, kh, kw])])],
    { ...attributesOf(window), kernel_shape: { integers: [kh, kw] } },
    undefined,
    domain,
  );
  graph.node('ReorderOutput', [result], { channels: { integer: o } }, output, domain);
}

/** Strides, pads, dilations and groups as attributes of `Conv` and `ConvTranspose`. */
export function attributesOf({ strides, pads, dilations, groups }: Window): Record<string, OnnxAttribute> {
  return { strides: { integers: strides }, pads: { integers: pads }, dilations: { integers: dilations }, group: { integer: groups } };
}
